-- The shape found in the deployed database: uuid config id, log time `timestamp`, policies open to everybody.

CREATE TABLE public.autonomous_system_config (
  id uuid PRIMARY KEY DEFAULT uuid_generate_v4(),
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
  updated_at timestamptz NOT NULL DEFAULT now(),
  updated_by uuid
);

CREATE TABLE public.autonomous_tasks (
  id uuid PRIMARY KEY DEFAULT uuid_generate_v4(),
  task_type text NOT NULL DEFAULT 'bug_fix'
    CHECK (task_type IN (
      'layout_fix', 'type_improvement', 'performance_optimization', 'test_creation',
      'documentation', 'accessibility', 'security_fix', 'database_migration',
      'edge_function', 'feature_implementation', 'bug_fix', 'refactoring'
    )),
  description text NOT NULL,
  priority integer NOT NULL DEFAULT 5 CHECK (priority BETWEEN 0 AND 10),
  autonomy_level integer NOT NULL DEFAULT 2,
  risk_level text NOT NULL DEFAULT 'low' CHECK (risk_level IN ('low', 'medium', 'high')),
  requires_approval boolean NOT NULL DEFAULT false,
  status text NOT NULL DEFAULT 'pending'
    CHECK (status IN (
      'pending', 'in_progress', 'completed', 'failed',
      'awaiting_review', 'approved', 'rejected', 'rolled_back'
    )),
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
  id uuid PRIMARY KEY DEFAULT uuid_generate_v4(),
  task_id uuid REFERENCES public.autonomous_tasks (id) ON DELETE CASCADE,
  execution_step text NOT NULL,
  step_status text NOT NULL CHECK (step_status IN ('started', 'completed', 'failed', 'skipped')),
  input_data jsonb,
  output_data jsonb,
  error_data jsonb,
  duration_ms integer,
  agent_version text,
  git_commit_sha text,
  environment text,
  "timestamp" timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE public.autonomous_safety_checks (
  id uuid PRIMARY KEY DEFAULT uuid_generate_v4(),
  task_id uuid REFERENCES public.autonomous_tasks (id) ON DELETE CASCADE,
  check_type text NOT NULL,
  passed boolean NOT NULL,
  details jsonb,
  error_message text,
  checked_at timestamptz NOT NULL DEFAULT now(),
  duration_ms integer
);

CREATE INDEX autonomous_tasks_status ON public.autonomous_tasks (status);
CREATE INDEX autonomous_tasks_priority ON public.autonomous_tasks (priority DESC);
CREATE INDEX autonomous_tasks_created_at ON public.autonomous_tasks (created_at DESC);
CREATE INDEX autonomous_tasks_task_type ON public.autonomous_tasks (task_type);
CREATE INDEX autonomous_execution_logs_task_id ON public.autonomous_execution_logs (task_id);
CREATE INDEX autonomous_execution_logs_timestamp ON public.autonomous_execution_logs ("timestamp" DESC);

CREATE VIEW public.autonomous_system_stats WITH (security_invoker = on) AS
SELECT
  count(*) FILTER (WHERE status = 'completed') AS completed_tasks,
  count(*) FILTER (WHERE status = 'failed') AS failed_tasks,
  count(*) FILTER (WHERE status = 'pending') AS pending_tasks,
  count(*) FILTER (WHERE status = 'awaiting_review') AS review_tasks,
  avg(extract(epoch FROM completed_at - started_at) / 60) FILTER (WHERE status = 'completed') AS avg_duration_minutes,
  count(*) FILTER (WHERE created_at > now() - interval '24 hours') AS tasks_last_24h,
  count(*) FILTER (WHERE status = 'completed' AND completed_at > now() - interval '24 hours') AS completed_last_24h
FROM public.autonomous_tasks;

-- As it is deployed: it updates without WHERE, which safeupdate refuses to API roles.
CREATE FUNCTION public.emergency_stop_autonomous_system(p_reason text, p_duration_hours integer DEFAULT 24)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  UPDATE public.autonomous_system_config
  SET emergency_stop = true,
      emergency_stop_reason = p_reason,
      emergency_stop_until = now() + make_interval(hours => p_duration_hours),
      updated_at = now();
  RETURN true;
END $$;

CREATE FUNCTION public.get_autonomous_config() RETURNS SETOF public.autonomous_system_config
LANGUAGE sql STABLE SECURITY DEFINER AS $$ SELECT * FROM public.autonomous_system_config LIMIT 1 $$;

CREATE FUNCTION public.create_autonomous_task(
  p_task_type text, p_description text, p_autonomy_level integer DEFAULT 2, p_priority integer DEFAULT 5
) RETURNS uuid LANGUAGE sql VOLATILE AS $$
  INSERT INTO public.autonomous_tasks (task_type, description, autonomy_level, priority)
  VALUES (p_task_type, p_description, p_autonomy_level, p_priority) RETURNING id
$$;

ALTER TABLE public.autonomous_system_config ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.autonomous_tasks ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.autonomous_execution_logs ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.autonomous_safety_checks ENABLE ROW LEVEL SECURITY;
CREATE POLICY everybody ON public.autonomous_system_config USING (true) WITH CHECK (true);
CREATE POLICY everybody ON public.autonomous_tasks USING (true) WITH CHECK (true);
CREATE POLICY everybody ON public.autonomous_execution_logs USING (true) WITH CHECK (true);
CREATE POLICY everybody ON public.autonomous_safety_checks USING (true) WITH CHECK (true);

INSERT INTO public.autonomous_system_config DEFAULT VALUES;
