-- watchdesk: tighter row level security ($shape shape). Optional: nothing needs it.
-- Whoever is not the master account neither reads nor writes config, tasks and safety checks$logs_words.
-- These policies only take away: the ones that are there stay, and without any of those nobody gets in at all.
-- Service keys are not concerned. Who is master stands in app_metadata, which users cannot change themselves:
--   UPDATE auth.users SET raw_app_meta_data = raw_app_meta_data || '{"role": "master"}' WHERE email = '...';
-- To take it back: DROP POLICY watchdesk_master (watchdesk_company) ON each table, DROP FUNCTION watchdesk_is_master().

BEGIN;

CREATE OR REPLACE FUNCTION public.watchdesk_is_master() RETURNS boolean
LANGUAGE sql STABLE SET search_path = ''
AS $$body$$ SELECT coalesce(auth.jwt() -> 'app_metadata' ->> 'role' = 'master', false) $$body$$;

DO $$body$$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['autonomous_system_config', 'autonomous_tasks', 'autonomous_safety_checks'] LOOP
    IF to_regclass('public.' || name) IS NOT NULL THEN
      EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', name);
      EXECUTE format('DROP POLICY IF EXISTS watchdesk_master ON public.%I', name);
      EXECUTE format(
        'CREATE POLICY watchdesk_master ON public.%I AS RESTRICTIVE TO anon, authenticated'
        ' USING (public.watchdesk_is_master()) WITH CHECK (public.watchdesk_is_master())', name);
    END IF;
  END LOOP;
END
$$body$$;

ALTER TABLE public.autonomous_execution_logs ENABLE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS watchdesk_company ON public.autonomous_execution_logs;
CREATE POLICY watchdesk_company ON public.autonomous_execution_logs AS RESTRICTIVE TO anon, authenticated
  USING ($logs_scope) WITH CHECK ($logs_scope);

COMMIT;
