-- watchdesk: a function that counts all tasks by status in one pass ($shape shape). Optional: nothing needs it.
-- Where it is there, watchdesk asks it once instead of counting each status. It sees what its caller may see.
-- To take it back: DROP FUNCTION public.watchdesk_statistics();

CREATE OR REPLACE FUNCTION public.watchdesk_statistics()
RETURNS TABLE (status text, tasks bigint)
LANGUAGE sql STABLE SECURITY INVOKER SET search_path = ''
AS $$body$$
  SELECT t.status, count(*) FROM public.autonomous_tasks AS t GROUP BY t.status
$$body$$;

REVOKE ALL ON FUNCTION public.watchdesk_statistics() FROM PUBLIC, anon;
GRANT EXECUTE ON FUNCTION public.watchdesk_statistics() TO authenticated, service_role;
NOTIFY pgrst, 'reload schema';
