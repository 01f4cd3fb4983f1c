"""A machine that kept nothing: the report is made from the project's log and its tasks, and says so. On both shapes."""

import json
import re
from typing import Any

from tests.running import Command, Running

WHO = "watchdog jana@watch-1"


def wrote(sandbox: Running, minutes: float, step: str, status: str, said: dict[str, Any], text: str) -> None:
    sandbox.sql(
        "INSERT INTO autonomous_execution_logs"
        f" (execution_step, step_status, input_data, output_data, error_data, {sandbox.time_column})"
        " VALUES (%s, %s, %s, %s, %s, now() - %s * interval '1 minute')",
        *(step, status, json.dumps(said), json.dumps({"text": text}) if said else None),
        None if said else json.dumps({"message": text}),
        minutes,
    )


def alert(sandbox: Running, minutes: float, phase: str) -> None:
    said = {"alert": "success_rate", "subject": "success_rate", "episode": "e", "phase": phase, "severity": "critical"}
    ends = phase in {"resolved", "told"}
    text = f"{phase}: success rate is low" + ("" if ends else ": 12 % of 33 completed")
    status = "completed" if ends else "started"
    wrote(sandbox, minutes, "watchdog_alert_critical", status, said | {"who": WHO, "run": f"{minutes}"}, text)


def acted(sandbox: Running, minutes: float, action: str, who: str, text: str) -> None:
    said = {"order": action, "run": action, "by": "operator", "who": who, "host": "bastion-2"}
    wrote(sandbox, minutes, "watchdog_healing", "completed", said, text)


def night(sandbox: Running) -> None:
    """Work fails, somebody is told, takes care of it, and it is over."""
    for minutes in (50, 49, 48, 47):
        wrote(sandbox, minutes, "generate_patch", "failed", {}, f"the gateway answers 401 for ticket {minutes}")
    for minutes in (48.5, 47.5, 46.5):
        sandbox.sql(
            "INSERT INTO autonomous_tasks (description, status, error_message, completed_at) VALUES"
            " ('x', 'failed', 'the gateway answers 401', now() - %s * interval '1 minute')",
            minutes,
        )
    sandbox.sql("INSERT INTO autonomous_tasks (description, status, completed_at) VALUES ('y', 'completed', now())")
    alert(sandbox, 45, "firing")
    alert(sandbox, 44, "told")
    acted(sandbox, 40, "acknowledge", "operator sam@bastion-2", "success rate is low: acknowledged by sam")
    acted(sandbox, 38, "emergency_stop", "operator sam@bastion-2", "stopped (read back); 0 tasks rejected")
    alert(sandbox, 20, "resolved")


async def test_it_tells_what_the_log_and_the_tasks_tell_and_that_it_is_no_more(
    sandbox: Running, command: Command
) -> None:
    night(sandbox)
    done = command("report", "--since", "1h", sandbox=sandbox)
    assert (done.returncode, done.stderr) == (0, "")
    page = done.stdout
    assert page.startswith("# Incident report: `")
    assert (
        "**Watched:** not from this machine: there is no black box recording of this project on this machine yet"
        in page
    )
    assert "made from the project's log and its tasks alone" in page
    assert re.search(r"What began it:\*\* [\d: -]+, the agents' work failed 4 times within 3 min, most often: ", page)
    assert "; 2 min" not in page
    times = dict(re.findall(r"^\| (Began|Detected|Told|Acknowledged|Resolved) \| [\d: -]+ \| ([^|]+) \|", page, re.M))
    assert times == {"Began": "—", "Detected": "5 min", "Told": "6 min", "Acknowledged": "10 min", "Resolved": "30 min"}
    assert "an alert was acknowledged, by `operator sam@bastion-2` |" in page
    assert "3 tasks failed and 1 completed, as the task table has it now" in page
    assert "| Failed | — | 3 |" in page
    assert "4 × generate patch: the gateway answers 401 for ticket 50" in page
    assert "`operator sam@bastion-2` (another host) | emergency stop: stopped (read back); 0 tasks rejected |" in page
    assert "nothing was recorded" not in page
    assert "## The screen" not in page
    data = json.loads(command("report", "--since", "1h", "--json", sandbox=sandbox).stdout)
    assert data["work"]["failed"] == 3
    assert data["incidents"][0]["cause"]["text"].startswith("the agents' work failed")
    assert data["unseen"]
    html = command("report", "--since", "1h", "--format", "html", sandbox=sandbox).stdout
    assert html.count("<svg ") == 1
    assert "Failures, 4 in all" in html


async def test_a_log_that_is_not_visible_is_no_empty_one(sandbox: Running, command: Command) -> None:
    night(sandbox)
    done = command("report", "--since", "1h", SUPABASE_URL=sandbox.url, SUPABASE_KEY=sandbox.publishable_key)
    refused = (done.returncode, done.stdout) == (4, "")
    assert refused or "What began it:" in done.stdout  # a project whose policies are open
    assert "Traceback" not in done.stderr


async def test_a_quiet_hour_of_which_nobody_kept_anything_is_said_to_be_no_more_than_that(
    sandbox: Running, command: Command
) -> None:
    done = command("report", "--since", "1h", sandbox=sandbox)
    assert done.returncode == 0
    assert "No incident is recorded in the window, and no state was seen." in done.stdout
    assert "Nothing was wrong" not in done.stdout
    assert "## Open questions" not in done.stdout
