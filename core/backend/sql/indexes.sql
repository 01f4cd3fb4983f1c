-- watchdesk: indexes for large tables ($shape shape). Optional: nothing needs them.
-- Each is built without locking the table, so run this outside of a transaction, e.g. psql -f.
-- An index that a broken-off run left behind is INVALID: DROP INDEX it and run this again.

-- the newest tasks
CREATE INDEX CONCURRENTLY IF NOT EXISTS watchdesk_tasks_newest
  ON public.autonomous_tasks (created_at DESC, id DESC);
-- counts by status, running tasks, the oldest that waits
CREATE INDEX CONCURRENTLY IF NOT EXISTS watchdesk_tasks_status
  ON public.autonomous_tasks (status, created_at);
-- finished within a window: success and failure rate, last completed, last failed
CREATE INDEX CONCURRENTLY IF NOT EXISTS watchdesk_tasks_finished
  ON public.autonomous_tasks (status, completed_at DESC) WHERE completed_at IS NOT NULL;
-- begun today: the daily limit
CREATE INDEX CONCURRENTLY IF NOT EXISTS watchdesk_tasks_started
  ON public.autonomous_tasks (started_at) WHERE started_at IS NOT NULL;
-- the newest log rows, and those past their time
CREATE INDEX CONCURRENTLY IF NOT EXISTS watchdesk_logs_newest
  ON public.autonomous_execution_logs ($log_time DESC, id DESC);
-- signs of life of a task
CREATE INDEX CONCURRENTLY IF NOT EXISTS watchdesk_logs_task
  ON public.autonomous_execution_logs (task_id, $log_time DESC);
-- what monitors wrote: checks, actions, alerts
CREATE INDEX CONCURRENTLY IF NOT EXISTS watchdesk_logs_step
  ON public.autonomous_execution_logs (execution_step text_pattern_ops, $log_time DESC);
-- what was only simulated
CREATE INDEX CONCURRENTLY IF NOT EXISTS watchdesk_logs_dry_run
  ON public.autonomous_execution_logs (task_id) WHERE environment = 'dry_run';
