"""Dry-run on and off: conditional, read back, audited, and said as it is to who may not."""

import pytest

from tests.running import Command, Running


def audited(sandbox: Running) -> list[tuple[str, str]]:
    return sandbox.sql(  # type: ignore[return-value]  # two texts each
        "SELECT input_data->>'order', step_status FROM autonomous_execution_logs"
        f" WHERE execution_step = 'watchdog_healing' ORDER BY {sandbox.time_column}, step_status DESC"
    )


def mode(sandbox: Running) -> bool:
    return bool(sandbox.sql("SELECT dry_run_mode FROM autonomous_system_config")[0][0])


def test_off_and_on_again(sandbox: Running, command: Command) -> None:
    assert mode(sandbox)
    off = command("dry-run", "off", "--yes", sandbox=sandbox)
    assert (off.returncode, off.stdout.strip(), off.stderr) == (0, "dry-run is off (read back)", "")
    assert not mode(sandbox)
    again = command("dry-run", "off", "--yes", sandbox=sandbox)
    assert (again.returncode, again.stdout.strip()) == (0, "dry-run is off already")
    on = command("dry-run", "on", "--yes", sandbox=sandbox)
    assert (on.returncode, mode(sandbox)) == (0, True)
    assert audited(sandbox) == [
        *(("dry_run_off", "started"), ("dry_run_off", "completed")),
        *(("dry_run_on", "started"), ("dry_run_on", "completed")),
    ]


@pytest.mark.parametrize("words", [[], ["maybe"], ["on", "off"]])
def test_what_is_neither_is_two(words: list[str], command: Command) -> None:
    done = command("dry-run", *words)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_nobody_to_ask_and_observing_change_nothing(sandbox: Running, command: Command) -> None:
    assert command("dry-run", "off", sandbox=sandbox).returncode == 2
    assert command("--observe", "dry-run", "off", "--yes", sandbox=sandbox).returncode == 2
    assert mode(sandbox)
    assert audited(sandbox) == []


def test_an_ordinary_user_is_told_what_is_not_allowed(sandbox: Running, command: Command) -> None:
    expected = 0 if sandbox.shape == "deployed" else 2  # there the policies let everybody write
    env = {
        "SUPABASE_KEY": sandbox.publishable_key,
        "SUPABASE_EMAIL": sandbox.info["viewer"],
        "SUPABASE_PASSWORD": sandbox.info["viewer_password"],
    }
    done = command("dry-run", "off", "--yes", sandbox=sandbox, **env)
    assert done.returncode == expected, done.stderr
    assert mode(sandbox) is (expected == 2)


def test_a_missing_row_and_a_missing_database_are_said(sandbox: Running, command: Command) -> None:
    sandbox.sql("DELETE FROM autonomous_system_config")
    gone = command("dry-run", "off", "--yes", sandbox=sandbox)
    assert (gone.returncode, gone.stderr[:49]) == (2, "watchdesk: This account cannot see the config row")
    nobody = command("dry-run", "off", "--yes", SUPABASE_URL="http://127.0.0.1:9", SUPABASE_KEY="sb_secret_x")
    assert nobody.returncode == 4
