-- watchdesk: indexes for large tables ($shape shape). Optional: nothing needs them.
-- Each is built without locking the table, so run this outside of a transaction, e.g. psql -f.
-- An index that a broken-off run left behind is INVALID: DROP INDEX it and run this again.

-- running tasks by age: stuck and slow ones
CREATE INDEX CONCURRENTLY IF NOT EXISTS watchdesk_tasks_running
  ON public.autonomous_tasks (started_at, id) WHERE status = 'in_progress';
-- the oldest that waits
CREATE INDEX CONCURRENTLY IF NOT EXISTS watchdesk_tasks_pending
  ON public.autonomous_tasks (created_at) WHERE status = 'pending';
-- finished within a window: success and failure rate, last completed, last failed
CREATE INDEX CONCURRENTLY IF NOT EXISTS watchdesk_tasks_finished
  ON public.autonomous_tasks (status, completed_at DESC) WHERE completed_at IS NOT NULL;
CREATE INDEX CONCURRENTLY IF NOT EXISTS watchdesk_tasks_finished_unsaid
  ON public.autonomous_tasks (status, created_at) WHERE completed_at IS NULL;
-- counts by status
CREATE INDEX CONCURRENTLY IF NOT EXISTS watchdesk_tasks_status
  ON public.autonomous_tasks (status);
-- the newest log rows, and those past their time
CREATE INDEX CONCURRENTLY IF NOT EXISTS watchdesk_logs_time
  ON public.autonomous_execution_logs ($log_time DESC);
-- signs of life of a task
CREATE INDEX CONCURRENTLY IF NOT EXISTS watchdesk_logs_task
  ON public.autonomous_execution_logs (task_id, $log_time DESC);
-- what the watchdog wrote, and its orders
CREATE INDEX CONCURRENTLY IF NOT EXISTS watchdesk_logs_watchdog
  ON public.autonomous_execution_logs ($log_time DESC) WHERE execution_step LIKE 'watchdog%';
CREATE INDEX CONCURRENTLY IF NOT EXISTS watchdesk_logs_orders
  ON public.autonomous_execution_logs ((input_data ->> 'order'), $log_time DESC)
  WHERE execution_step = 'watchdog_healing';
