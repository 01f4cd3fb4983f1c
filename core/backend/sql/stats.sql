-- watchdesk: a function that answers all a refresh asks for in one request ($shape shape). Optional: nothing needs it.
-- It sees what its caller may see. Of the newest tasks and log rows it sends only those that the caller does not know.
-- On large tables run `watchdesk sql indexes` first: it counts up to $most rows of a status, and estimates above that.
-- To take it back: DROP FUNCTION public.watchdesk_overview(jsonb);

DROP FUNCTION IF EXISTS public.watchdesk_statistics();

CREATE OR REPLACE FUNCTION public.watchdesk_overview(asked jsonb) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = '' SET enable_seqscan = off SET jit = off
AS $$body$$
DECLARE
  most CONSTANT bigint := $most;
  answer jsonb := jsonb_build_object('version', $version);
  since CONSTANT timestamptz := asked ->> 'since';
  until CONSTANT timestamptz := asked ->> 'until';
  hour CONSTANT timestamptz := asked ->> 'hour';
  slow CONSTANT boolean := coalesce((asked ->> 'slow')::boolean, false);
  many CONSTANT jsonb := coalesce(asked -> 'many', '[]');
  planning CONSTANT text := 'EXPLAIN (FORMAT JSON) SELECT 1 FROM public.autonomous_tasks AS t WHERE t.status = %L';
  one text := '';
  counted bigint;
  plan json;
  counts jsonb := '[]';
  page jsonb;
  marks jsonb;
BEGIN
  -- the config rows, where one of them changed
  SELECT jsonb_agg(c.xmin::text || ':' || c.id ORDER BY c.id) INTO marks
  FROM (SELECT k.xmin, k.id FROM public.autonomous_system_config AS k ORDER BY k.id LIMIT $configs) AS c;
  IF marks IS DISTINCT FROM asked -> 'config' THEN
    SELECT coalesce(jsonb_agg(to_jsonb(c) ORDER BY c.id), '[]') INTO page
    FROM (SELECT $config FROM public.autonomous_system_config AS t ORDER BY t.id LIMIT $configs) AS c;
    answer := answer || jsonb_build_object('config', page, 'config_marks', coalesce(marks, '[]'));
  END IF;

  -- how many tasks are in each status: from one to the next by the index, those that only grow when asked to;
  -- of what the caller has seen to be many only the plan, as long as that says so too
  LOOP
    SELECT t.status INTO one FROM public.autonomous_tasks AS t WHERE t.status > one ORDER BY t.status LIMIT 1;
    EXIT WHEN NOT FOUND;
    IF jsonb_array_length(counts) >= $statuses THEN
      RAISE EXCEPTION 'watchdesk: more than $statuses statuses';
    END IF;
    CONTINUE WHEN one = ANY ('{$ended}') AND NOT slow;
    counted := 0;
    IF many ? one THEN
      EXECUTE format(planning, one) INTO plan;
      counted := (plan -> 0 -> 'Plan' ->> 'Plan Rows')::bigint;
    END IF;
    IF counted <= most THEN
      SELECT count(*) INTO counted
      FROM (SELECT 1 FROM public.autonomous_tasks AS t WHERE t.status = one LIMIT most + 1) AS few;
      IF counted > most THEN
        EXECUTE format(planning, one) INTO plan;
        counted := greatest(counted, (plan -> 0 -> 'Plan' ->> 'Plan Rows')::bigint);
      END IF;
    END IF;
    counts := counts || jsonb_build_array(jsonb_build_array(left(one, 200), counted));
  END LOOP;
  SELECT count(*) INTO counted FROM (SELECT 1 FROM public.autonomous_tasks AS t WHERE t.status = '' LIMIT most + 1) AS few;
  counts := counts || CASE WHEN counted > 0 THEN jsonb_build_array(jsonb_build_array('', counted)) ELSE '[]' END;
  SELECT count(*) INTO counted FROM (SELECT 1 FROM public.autonomous_tasks AS t WHERE t.status IS NULL LIMIT most + 1) AS few;
  counts := counts || CASE WHEN counted > 0 THEN jsonb_build_array(jsonb_build_array(NULL, counted)) ELSE '[]' END;
  answer := answer || jsonb_build_object('counts', counts);

  -- the newest rows: the place of one that the caller knows, all of one that it does not; nothing where nothing changed
  SELECT coalesce(jsonb_agg(coalesce(to_jsonb(known.place - 1), to_jsonb(fresh)) ORDER BY newest.place), '[]')
  INTO page
  FROM (SELECT k.id, k.xmin::text || ':' || k.id AS mark, row_number() OVER (ORDER BY k.created_at DESC, k.id DESC) AS place
        FROM (SELECT t.id, t.xmin, t.created_at FROM public.autonomous_tasks AS t
              ORDER BY t.created_at DESC, t.id DESC LIMIT (asked ->> 'most_tasks')::integer) AS k) AS newest
  LEFT JOIN jsonb_array_elements_text(asked -> 'tasks') WITH ORDINALITY AS known (mark, place) USING (mark)
  LEFT JOIN LATERAL (
    SELECT newest.mark, $tasks
    FROM public.autonomous_tasks AS t WHERE t.id = newest.id AND known.place IS NULL
  ) AS fresh ON true;
  IF page IS DISTINCT FROM (SELECT coalesce(jsonb_agg(i), '[]')
                            FROM generate_series(0, jsonb_array_length(asked -> 'tasks') - 1) AS i) THEN
    answer := answer || jsonb_build_object('tasks', page);
  END IF;

  SELECT coalesce(jsonb_agg(coalesce(to_jsonb(known.place - 1), to_jsonb(fresh)) ORDER BY newest.place), '[]')
  INTO page
  FROM (SELECT k.id, k.xmin::text || ':' || k.id AS mark, row_number() OVER (ORDER BY k.$log_time DESC, k.id DESC) AS place
        FROM (SELECT t.id, t.xmin, t.$log_time FROM public.autonomous_execution_logs AS t
              ORDER BY t.$log_time DESC, t.id DESC LIMIT (asked ->> 'most_logs')::integer) AS k) AS newest
  LEFT JOIN jsonb_array_elements_text(asked -> 'logs') WITH ORDINALITY AS known (mark, place) USING (mark)
  LEFT JOIN LATERAL (
    SELECT newest.mark, $logs
    FROM public.autonomous_execution_logs AS t WHERE t.id = newest.id AND known.place IS NULL
  ) AS fresh ON true;
  IF page IS DISTINCT FROM (SELECT coalesce(jsonb_agg(i), '[]')
                            FROM generate_series(0, jsonb_array_length(asked -> 'logs') - 1) AS i) THEN
    answer := answer || jsonb_build_object('logs', page);
  END IF;

  -- what finished within the time that is asked for, and within the last hour of it, when something did last, how long
  -- a review and a pending task wait, and how many tasks run, and since when; of more than $running only that they are more
  IF slow THEN
    page := '{"estimated": false}';
    FOREACH one IN ARRAY ARRAY['completed', 'failed'] LOOP
      SELECT count(*) INTO counted
      FROM (SELECT 1 FROM public.autonomous_tasks AS t
            WHERE t.status = one AND ($simulated) IS NOT TRUE
              AND (t.completed_at >= since AND t.completed_at <= until
                   OR t.completed_at IS NULL AND t.created_at >= since AND t.created_at <= until)
            LIMIT most + 1) AS few;
      IF counted > most THEN
        EXECUTE format(planning || ' AND t.completed_at >= %L AND t.completed_at <= %L', one, since, until) INTO plan;
        counted := greatest(counted, (plan -> 0 -> 'Plan' ->> 'Plan Rows')::bigint);
        page := page || '{"estimated": true}';
      END IF;
      page := page || jsonb_build_object(one, counted);
      SELECT count(*) INTO counted
      FROM (SELECT 1 FROM public.autonomous_tasks AS t
            WHERE t.status = one AND ($simulated) IS NOT TRUE
              AND (t.completed_at >= hour AND t.completed_at <= until
                   OR t.completed_at IS NULL AND t.created_at >= hour AND t.created_at <= until)
            LIMIT most + 1) AS few;
      page := page || jsonb_build_object(one || '_1h', counted);
    END LOOP;
    SELECT page || jsonb_build_object('simulated', count(*), 'simulated_last', max(f.over_at)) INTO page
    FROM (SELECT coalesce(t.completed_at, t.created_at) AS over_at
          FROM public.autonomous_tasks AS t
          WHERE $simulated
            AND (t.completed_at >= since AND t.completed_at <= until
                 OR t.completed_at IS NULL AND t.created_at >= since AND t.created_at <= until)
          ORDER BY t.completed_at DESC NULLS LAST LIMIT most + 1) AS f;
    answer := answer || jsonb_build_object('finished', page, 'last_completed', (
      SELECT t.completed_at FROM public.autonomous_tasks AS t
      WHERE t.status = 'completed' AND t.completed_at >= '1970-01-01T00:00:00Z' AND t.completed_at <= until
        AND ($simulated) IS NOT TRUE
      ORDER BY t.completed_at DESC LIMIT 1), 'oldest_review', (
      SELECT t.created_at FROM public.autonomous_tasks AS t
      WHERE t.status = 'awaiting_review' AND (t.error_message LIKE '$paused') IS NOT TRUE
        AND t.created_at >= '1970-01-01T00:00:00Z' AND t.created_at <= until
      ORDER BY t.created_at LIMIT 1), 'oldest_pending', (
      SELECT t.created_at FROM public.autonomous_tasks AS t
      WHERE t.status = 'pending' AND t.created_at >= '1970-01-01T00:00:00Z' AND t.created_at <= until
      ORDER BY t.created_at LIMIT 1), 'running', (
      SELECT jsonb_build_array(count(*), min(r.began_at))
      FROM (SELECT coalesce(t.started_at, t.created_at) AS began_at FROM public.autonomous_tasks AS t
            WHERE t.status = 'in_progress' LIMIT $running + 1) AS r));
  END IF;
  RETURN answer;
END
$$body$$;

REVOKE ALL ON FUNCTION public.watchdesk_overview(jsonb) FROM PUBLIC, anon;
GRANT EXECUTE ON FUNCTION public.watchdesk_overview(jsonb) TO authenticated, service_role;
NOTIFY pgrst, 'reload schema';
