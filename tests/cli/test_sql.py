"""`watchdesk sql`: optional scripts, run twice on both shapes, doing what they say, and nothing else breaks."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from core.backend.optional_sql import SCRIPTS, script
from core.backend.schema import Shape
from core.backend.target import Target
from core.domain.status import Truth
from core.monitor import Config, Monitor, Places
from tests.running import Command, Running


@pytest.fixture
def own(sandbox: Running) -> Iterator[Running]:
    """A sandbox from which everything that a script adds is taken away again."""
    yield sandbox
    added = sandbox.sql(
        "SELECT format('DROP INDEX %I', relname) FROM pg_class WHERE relkind = 'i' AND relname LIKE 'watchdesk%%'"
        " UNION ALL SELECT format('DROP POLICY %I ON %I', policyname, tablename) FROM pg_policies"
        " WHERE policyname LIKE 'watchdesk%%'"
    )
    functions = sandbox.sql(
        "SELECT format('DROP FUNCTION %s', oid::regprocedure) FROM pg_proc WHERE proname LIKE 'watchdesk%%'"
    )
    for (drop,) in added + functions:
        sandbox.sql(drop)


def users(sandbox: Running, who: str) -> dict[str, str]:
    name, password = ("user", "password") if who == "master" else ("viewer", "viewer_password")
    return {
        "SUPABASE_KEY": sandbox.publishable_key,
        "SUPABASE_EMAIL": sandbox.info[name],
        "SUPABASE_PASSWORD": sandbox.info[password],
    }


def apply(sandbox: Running, text: str, *, apart: bool = False) -> None:
    lines = [line for line in text.splitlines() if not line.startswith("--")]
    whole = "\n".join(lines)
    for statement in whole.split(";\n") if apart else [whole]:
        if statement.strip():
            sandbox.sql(statement)


def test_it_is_printed_for_the_shape_the_project_has(sandbox: Running, command: Command) -> None:
    for name in SCRIPTS:
        done = command("sql", name, sandbox=sandbox)
        assert (done.returncode, done.stderr) == (0, ""), name
        assert done.stdout == script(name, Shape(sandbox.shape))
        assert "$" not in done.stdout.replace("$body$", ""), name
    assert done.stdout == command("sql", name, "--shape", sandbox.shape).stdout  # without any project


def test_without_a_project_it_wants_the_shape(command: Command) -> None:
    done = command("sql", "indexes")
    assert done.returncode == 2
    assert "--shape" in done.stderr
    nobody = command("sql", "indexes", SUPABASE_URL="http://127.0.0.1:9", SUPABASE_KEY="sb_secret_x")
    assert (nobody.returncode, nobody.stdout) == (4, "")
    assert command("sql", "tables").returncode == 2


async def test_indexes_and_statistics_twice_and_the_counts_are_the_same_with_one_question(
    own: Running, command: Command, tmp_path: Path
) -> None:
    own.completed(1500)
    own.stuck(3)
    for _ in range(2):
        apply(own, script("indexes", Shape(own.shape)), apart=True)
    names = own.sql(
        "SELECT count(*), bool_and(i.indisvalid) FROM pg_class AS c JOIN pg_index AS i ON i.indexrelid = c.oid"
        " WHERE c.relname LIKE 'watchdesk%'"
    )
    assert names == [(8, True)]

    async def counted() -> dict[str, int]:
        target = Target(name="p", url=own.url, key=own.service_key)
        monitor = Monitor(Config(target=target), places=Places.within(tmp_path))
        await monitor.refresh(everything=True)
        counts = monitor.snapshot.tasks.counts
        assert counts.live
        assert counts.value is not None
        overview = (await monitor.discover()).overview is Truth.TRUE
        await monitor.close()
        return counts.value.counts | {"in one": int(overview)}

    before = await counted()
    for _ in range(2):
        apply(own, script("stats", Shape(own.shape)))
    after = await counted()
    assert before == {**after, "in one": 0}
    assert (after["completed"], after["in_progress"], after["in one"]) == (1500, 3, 1)
    viewer = command("status", "--json", sandbox=own, **users(own, "viewer"))
    sees = own.shape == "deployed"  # whose policies let everybody read
    assert viewer.returncode in ({0, 1} if sees else {2})  # who may not call it counts as before
    async with httpx.AsyncClient(headers={"apikey": own.publishable_key}) as http:
        anonymous = await http.post(f"{own.url}/rest/v1/rpc/watchdesk_overview", json={"asked": {}})
    assert anonymous.status_code in {401, 403}


def test_tighter_policies_twice_and_only_the_master_account_gets_in(own: Running, command: Command) -> None:
    own.stuck(2)
    for _ in range(2):
        apply(own, script("rls", Shape(own.shape)))
    done = command("stop", "--reason", "r", "--yes", sandbox=own, **users(own, "viewer"))
    assert done.returncode == 2
    assert own.sql("SELECT emergency_stop FROM autonomous_system_config") == [(False,)]
    rows = httpx.get(f"{own.url}/rest/v1/autonomous_tasks?select=id", headers={"apikey": own.publishable_key})
    assert rows.json() == []
    healed = command("heal", "--yes", sandbox=own, **users(own, "master"))
    assert (healed.returncode, healed.stderr) == (0, "")
    assert "2 changed" in healed.stdout
    assert command("stop", "--reason", "r", "--yes", sandbox=own, **users(own, "master")).returncode == 0
    assert command("resume", "--yes", sandbox=own).returncode == 0
    env = {"VITE_SUPABASE_PUBLISHABLE_DEFAULT_KEY": own.publishable_key}
    assert "policies: closed" in command("status", sandbox=own, **env).stdout
    tables = ["autonomous_system_config", "autonomous_tasks", "autonomous_safety_checks"]
    own.sql("; ".join(f"DROP POLICY watchdesk_master ON {table}" for table in tables))
    own.sql("DROP POLICY watchdesk_company ON autonomous_execution_logs; DROP FUNCTION watchdesk_is_master()")
    again = command("dry-run", "off", "--yes", sandbox=own, **users(own, "viewer"))
    assert again.returncode == (0 if own.shape == "deployed" else 2)  # as it was
