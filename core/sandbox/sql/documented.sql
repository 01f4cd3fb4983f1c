-- The shape of the documentation: config id 1, log time `created_at`, master account only, logs by company.

CREATE TABLE public.autonomous_system_config (
  id integer PRIMARY KEY DEFAULT 1 CHECK (id = 1),
  enabled boolean NOT NULL DEFAULT true,
  dry_run_mode boolean NOT NULL DEFAULT true,
  autonomy_level integer NOT NULL DEFAULT 2 CHECK (autonomy_level BETWEEN 1 AND 3),
  max_parallel_tasks integer NOT NULL DEFAULT 5,
  max_tasks_per_run integer NOT NULL DEFAULT 10,
  max_files_per_task integer NOT NULL DEFAULT 20,
  min_interval_minutes integer NOT NULL DEFAULT 5,
  max_daily_tasks integer NOT NULL DEFAULT 500,
  emergency_stop boolean NOT NULL DEFAULT false,
  emergency_stop_reason text,
  emergency_stop_until timestamptz,
  notification_email text,
  notify_on_success boolean NOT NULL DEFAULT true,
  notify_on_error boolean NOT NULL DEFAULT true,
  notify_on_approval_needed boolean NOT NULL DEFAULT true,
  last_health_check timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  updated_by uuid
);

CREATE TABLE public.autonomous_tasks (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  task_type text NOT NULL DEFAULT 'bug_fix',
  description text NOT NULL,
  priority integer NOT NULL DEFAULT 5 CHECK (priority BETWEEN 0 AND 10),
  autonomy_level integer NOT NULL DEFAULT 2,
  risk_level text NOT NULL DEFAULT 'low' CHECK (risk_level IN ('low', 'medium', 'high')),
  requires_approval boolean NOT NULL DEFAULT false,
  status text NOT NULL DEFAULT 'pending',
  assigned_to text,
  files_affected text[],
  estimated_duration_minutes integer,
  result jsonb,
  error_message text,
  rollback_data jsonb,
  created_at timestamptz NOT NULL DEFAULT now(),
  started_at timestamptz,
  completed_at timestamptz,
  reviewed_at timestamptz,
  created_by uuid,
  reviewed_by uuid
);

CREATE TABLE public.autonomous_execution_logs (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  task_id uuid REFERENCES public.autonomous_tasks (id) ON DELETE CASCADE,
  execution_step text NOT NULL,
  step_status text NOT NULL,
  input_data jsonb,
  output_data jsonb,
  error_data jsonb,
  duration_ms integer,
  agent_version text,
  git_commit_sha text,
  environment text,
  company_id uuid DEFAULT public.my_company(),
  created_at timestamptz NOT NULL DEFAULT now(),
  started_at timestamptz,
  completed_at timestamptz
);

CREATE TABLE public.autonomous_safety_checks (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  check_type text NOT NULL,
  check_name text NOT NULL,
  is_blocking boolean NOT NULL DEFAULT true,
  enabled boolean NOT NULL DEFAULT true,
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE VIEW public.autonomous_system_stats WITH (security_invoker = on) AS
SELECT
  count(*) AS total_tasks,
  count(*) FILTER (WHERE status = 'pending') AS pending_tasks,
  count(*) FILTER (WHERE status = 'in_progress') AS in_progress_tasks,
  count(*) FILTER (WHERE status = 'completed') AS completed_tasks,
  count(*) FILTER (WHERE status = 'failed') AS failed_tasks,
  100.0 * count(*) FILTER (WHERE status = 'completed')
    / nullif(count(*) FILTER (WHERE status IN ('completed', 'failed')), 0) AS success_rate,
  avg(extract(epoch FROM completed_at - started_at)) FILTER (WHERE status = 'completed') AS avg_execution_time,
  max(completed_at) AS last_execution
FROM public.autonomous_tasks;

CREATE FUNCTION public.emergency_stop_autonomous_system(p_reason text, p_hours integer DEFAULT 24)
RETURNS boolean LANGUAGE sql VOLATILE AS $$
  UPDATE public.autonomous_system_config
  SET emergency_stop = true,
      emergency_stop_reason = p_reason,
      emergency_stop_until = now() + make_interval(hours => p_hours),
      updated_at = now()
  WHERE id = 1
  RETURNING emergency_stop
$$;

ALTER TABLE public.autonomous_system_config ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.autonomous_tasks ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.autonomous_execution_logs ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.autonomous_safety_checks ENABLE ROW LEVEL SECURITY;
CREATE POLICY master ON public.autonomous_system_config USING (is_master()) WITH CHECK (is_master());
CREATE POLICY master ON public.autonomous_tasks USING (is_master()) WITH CHECK (is_master());
CREATE POLICY master ON public.autonomous_safety_checks USING (is_master()) WITH CHECK (is_master());
CREATE POLICY company ON public.autonomous_execution_logs
  USING (is_master() OR company_id = my_company()) WITH CHECK (is_master() OR company_id = my_company());

INSERT INTO public.autonomous_system_config DEFAULT VALUES;
