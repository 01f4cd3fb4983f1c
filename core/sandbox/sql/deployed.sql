-- The shape found in the deployed database: uuid config id, log time `timestamp`, policies open to everybody.

CREATE TABLE public.autonomous_system_config (
  id uuid PRIMARY KEY DEFAULT uuid_generate_v4(),
  enabled boolean DEFAULT false,
  dry_run_mode boolean DEFAULT true,
  autonomy_level integer DEFAULT 2 CHECK (autonomy_level BETWEEN 1 AND 3),
  max_parallel_tasks integer DEFAULT 5,
  max_tasks_per_run integer DEFAULT 10,
  max_files_per_task integer DEFAULT 20,
  min_interval_minutes integer DEFAULT 60,
  max_daily_tasks integer DEFAULT 50,
  emergency_stop boolean DEFAULT false,
  emergency_stop_reason text,
  emergency_stop_until timestamptz,
  notification_email text DEFAULT 'operations@sandbox.example',
  notify_on_completion boolean DEFAULT true,
  notify_on_failure boolean DEFAULT true,
  notify_on_high_risk boolean DEFAULT true,
  updated_at timestamptz DEFAULT now(),
  updated_by text
);

CREATE TABLE public.autonomous_tasks (
  id uuid PRIMARY KEY DEFAULT uuid_generate_v4(),
  task_type text
    CHECK (task_type IN (
      'layout_fix', 'type_improvement', 'performance_optimization', 'test_creation',
      'documentation', 'accessibility', 'security_fix', 'database_migration',
      'edge_function', 'feature_implementation', 'bug_fix', 'refactoring'
    )),
  description text NOT NULL,
  priority integer DEFAULT 0 CHECK (priority BETWEEN 0 AND 10),
  autonomy_level integer DEFAULT 2 CHECK (autonomy_level BETWEEN 1 AND 3),
  risk_level text DEFAULT 'low' CHECK (risk_level IN ('low', 'medium', 'high')),
  requires_approval boolean DEFAULT false,
  status text DEFAULT 'pending'
    CHECK (status IN (
      'pending', 'in_progress', 'completed', 'failed',
      'awaiting_review', 'approved', 'rejected', 'rolled_back'
    )),
  assigned_to text DEFAULT 'ai_agent',
  files_affected text[] DEFAULT '{}',
  estimated_duration_minutes integer,
  result jsonb,
  error_message text,
  rollback_data jsonb,
  gitkraken_patch_url text,
  github_pr_url text,
  created_at timestamptz DEFAULT now(),
  started_at timestamptz,
  completed_at timestamptz,
  reviewed_at timestamptz,
  created_by text DEFAULT 'autonomous_system',
  reviewed_by text
);

CREATE TABLE public.autonomous_execution_logs (
  id uuid PRIMARY KEY DEFAULT uuid_generate_v4(),
  task_id uuid REFERENCES public.autonomous_tasks (id) ON DELETE CASCADE,
  execution_step text NOT NULL,
  step_status text CHECK (step_status IN ('started', 'completed', 'failed', 'skipped')),
  input_data jsonb,
  output_data jsonb,
  error_data jsonb,
  duration_ms integer,
  agent_version text,
  git_commit_sha text,
  environment text DEFAULT 'production',
  "timestamp" timestamptz DEFAULT now()
);

CREATE TABLE public.autonomous_safety_checks (
  id uuid PRIMARY KEY DEFAULT uuid_generate_v4(),
  task_id uuid REFERENCES public.autonomous_tasks (id) ON DELETE CASCADE,
  check_type text NOT NULL
    CHECK (check_type IN (
      'build_validation', 'test_validation', 'rls_validation', 'type_check',
      'lint_check', 'security_scan', 'dependency_audit', 'breaking_change_detection'
    )),
  passed boolean NOT NULL,
  details jsonb,
  error_message text,
  checked_at timestamptz DEFAULT now(),
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
  UPDATE public.autonomous_tasks
  SET status = 'rejected',
      error_message = 'Emergency stop: ' || p_reason
  WHERE status IN ('pending', 'in_progress');
  RETURN true;
END $$;

CREATE FUNCTION public.get_autonomous_config() RETURNS public.autonomous_system_config
LANGUAGE plpgsql STABLE SECURITY DEFINER AS $$
DECLARE
  config public.autonomous_system_config;
BEGIN
  SELECT * INTO config FROM public.autonomous_system_config LIMIT 1;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'Autonomous system is not configured';
  END IF;
  RETURN config;
END $$;

CREATE FUNCTION public.create_autonomous_task(
  p_task_type text, p_description text, p_autonomy_level integer DEFAULT 2, p_priority integer DEFAULT 0
) RETURNS uuid LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
  config public.autonomous_system_config := public.get_autonomous_config();
  created_today integer;
  task uuid;
BEGIN
  IF config.enabled IS NOT TRUE THEN
    RAISE EXCEPTION 'Autonomous system is disabled';
  END IF;
  IF config.emergency_stop THEN
    RAISE EXCEPTION 'Emergency stop is active: %', config.emergency_stop_reason;
  END IF;
  SELECT count(*) INTO created_today FROM public.autonomous_tasks WHERE created_at > now() - interval '24 hours';
  IF created_today >= config.max_daily_tasks THEN
    RAISE EXCEPTION 'Daily task limit reached: %', config.max_daily_tasks;
  END IF;
  INSERT INTO public.autonomous_tasks (task_type, description, autonomy_level, priority, requires_approval)
  VALUES (p_task_type, p_description, p_autonomy_level, p_priority, p_autonomy_level >= 3 OR p_priority >= 8)
  RETURNING id INTO task;
  RETURN task;
END $$;

ALTER TABLE public.autonomous_system_config ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.autonomous_tasks ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.autonomous_execution_logs ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.autonomous_safety_checks ENABLE ROW LEVEL SECURITY;
CREATE POLICY everybody ON public.autonomous_system_config USING (true) WITH CHECK (true);
CREATE POLICY everybody ON public.autonomous_tasks USING (true) WITH CHECK (true);
CREATE POLICY everybody ON public.autonomous_execution_logs USING (true) WITH CHECK (true);
CREATE POLICY everybody ON public.autonomous_safety_checks USING (true) WITH CHECK (true);

-- Switched on, unlike the default: a system that is off shows nothing. Nobody is written to.
INSERT INTO public.autonomous_system_config (enabled, dry_run_mode, max_parallel_tasks, notification_email)
VALUES (true, true, 3, NULL) ON CONFLICT DO NOTHING;
