"""`watchdesk watch` in a process of its own: it watches, tells the service manager, is measured, and ends in order."""

import os
import signal
from collections.abc import Callable, Iterator

import httpx
import pytest

from tests.running import ONE_SHAPE, Command, Running
from tests.tui.service.serving import Service
from tests.until import awaited

Watch = Callable[..., Service]


@pytest.fixture
def watch(command: Command, sandbox: Running) -> Iterator[Watch]:
    made: list[Service] = []

    def make(*args: str, watchdog_s: float | None = None, **env: str) -> Service:
        made.append(Service(command, sandbox, *args, watchdog_s=watchdog_s, **env))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_it_tells_when_it_is_ready_that_it_lives_and_that_it_ends(sandbox: Running, watch: Watch) -> None:
    service = watch(watchdog_s=3.0)
    service.notified("READY=1")
    service.notified("WATCHDOG=1", times=2)
    service.line("state", link="LIVE")
    service.notified("STATUS=IDLE")
    assert service.end() == 0
    service.notified("STOPPING=1")
    service.line("stopping")
    assert service.stderr.read() == ""


def test_the_lease_is_given_back_at_the_end(sandbox: Running, watch: Watch, command: Command) -> None:
    held = "SELECT input_data->>'holder' <> '' FROM autonomous_execution_logs WHERE execution_step = 'lease'"
    service = watch()
    awaited(lambda: (True,) in sandbox.sql(held) or None, "a lease")
    assert service.end() == 0
    assert (True,) not in sandbox.sql(held)


def test_it_heals_by_itself_and_says_so_in_its_lines(sandbox: Running, watch: Watch) -> None:
    sandbox.sql("UPDATE autonomous_system_config SET enabled = true, dry_run_mode = false")
    sandbox.stuck(2)
    service = watch(WATCHDESK_AUTONOMOUS="true", WATCHDESK_DRY_RUN="false")
    awaited(
        lambda: sandbox.sql("SELECT DISTINCT status FROM autonomous_tasks") == [("failed",)] or None, "healed tasks"
    )
    line = service.line("action")
    assert (line["who"].partition(" ")[0], line["text"].partition(":")[0]) == ("watchdog", "heal")
    service.line("check", level="ok")  # not only at the next check, in five minutes


@ONE_SHAPE
def test_it_reads_its_settings_again_and_keeps_the_old_ones_where_they_are_wrong(
    sandbox: Running, watch: Watch, command: Command
) -> None:
    file = command.home / "config" / "watchdesk" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text("[alerts]\nevaluate_s = -1\n")
    good = "[alerts]\nevaluate_s = 20\n"
    file.write_text(good)
    service = watch()
    file.write_text("[alerts]\nevaluate_s = -1\n")
    service.process.send_signal(signal.SIGHUP)
    wrong = service.line("reload_failed")
    assert "evaluate_s" in wrong["text"]
    file.write_text(good)
    service.process.send_signal(signal.SIGHUP)
    service.line("reloaded")
    service.notified("RELOADING=1\nMONOTONIC_USEC=", times=2)
    service.notified("READY=1", times=3)
    assert service.get("/readyz").status_code in {200, 503}
    assert service.end() == 0


@ONE_SHAPE
def test_a_key_that_the_project_refuses_changes_nothing_and_one_that_it_takes_does(
    sandbox: Running, watch: Watch, command: Command
) -> None:
    file = command.home / "config" / "watchdesk" / "config.toml"
    file.parent.mkdir(parents=True)

    def project(key: str, url: str = sandbox.url) -> str:
        return f'[projects.shop]\nurl = "{url}"\nkey = "{key}"\n'

    file.write_text(project(sandbox.service_key))
    service = watch(SUPABASE_URL="", SUPABASE_KEY="")
    service.line("state", link="LIVE")
    file.write_text(project("sb_secret_wrong"))
    service.process.send_signal(signal.SIGHUP)
    told = service.line("reload_failed")["text"]
    assert told.startswith("the old settings stay: ")
    assert "key" in told
    service.notified("READY=1", times=2)
    assert service.get("/readyz").status_code == 200
    file.write_text(project(sandbox.service_key, "http://127.0.0.1:9"))  # down, as a project may be
    service.process.send_signal(signal.SIGHUP)
    service.line("reloaded")
    service.line("state", link="OFFLINE")
    assert service.end() == 0


@ONE_SHAPE
def test_killed_and_started_again_it_goes_on(sandbox: Running, watch: Watch, command: Command) -> None:
    first = watch()
    first.line("state", link="LIVE")
    first.end(signal.SIGKILL)
    second = watch()
    second.line("state", link="LIVE")
    # it tells others of itself once its start is over, which is after the first picture
    awaited(lambda: command("breaker", "list", sandbox=sandbox).returncode == 0 or None, "itself among the monitors")
    assert second.end() == 0


def test_who_measures_it_is_answered_while_the_project_hangs(sandbox: Running, watch: Watch) -> None:
    sandbox.completed(3)
    service = watch(WATCHDESK_REFRESH_UNFOCUSED_PERIOD_S="2")
    service.line("state", link="LIVE")
    awaited(lambda: 'watchdesk_tasks{status="completed"} 3.0' in service.get("/metrics").text or None, "the count")
    assert service.get("/healthz").json()["loop"]["alive"]
    assert service.get("/readyz").status_code == 200
    sandbox.fault("database_down", True)
    awaited(lambda: service.get("/readyz").status_code == 503 or None, "not ready")
    assert service.get("/healthz").status_code == 200
    text = service.get("/metrics").text
    assert "watchdesk_up 0.0" in text
    assert 'watchdesk_tasks{status="completed"} 3.0' in text  # the last known, and
    assert 'watchdesk_reading_live{reading="tasks"} 0.0' in text  # told as such


@ONE_SHAPE
def test_a_token_is_asked_for(sandbox: Running, watch: Watch) -> None:
    service = watch(WATCHDESK_SERVICE_TOKEN="s3cret")
    assert service.get("/metrics").status_code == 401
    assert service.get("/metrics", Authorization="Bearer wrong").status_code == 401
    assert service.get("/metrics", Authorization="Bearer s3cret").status_code == 200
    assert service.get("/nothing", Authorization="Bearer s3cret").status_code == 404


@ONE_SHAPE
def test_who_asks_for_the_head_alone_gets_it(sandbox: Running, watch: Watch) -> None:
    service = watch()
    service.line("state", link="LIVE")
    for path, status in {"/healthz": 200, "/readyz": 200, "/metrics": 200, "/nothing": 404}.items():
        head = httpx.head(service.url + path, timeout=60)
        assert (head.status_code, head.content) == (status, b"")
        assert int(head.headers["content-length"]) > 0


@ONE_SHAPE
def test_one_project_and_all_of_them_is_refused(sandbox: Running, command: Command) -> None:
    found = command("--project", "shop", "watch", "--all", sandbox=sandbox)
    assert (found.returncode, found.stdout) == (2, "")
    assert "leave out --project" in found.stderr


@ONE_SHAPE
def test_a_wrong_key_ends_it_and_a_project_that_is_down_does_not(sandbox: Running, watch: Watch) -> None:
    wrong = watch(SUPABASE_KEY="sb_secret_wrong")
    assert "key" in wrong.line("unusable")["text"]
    assert wrong.process.wait(60) == 2
    down = watch(SUPABASE_URL="http://127.0.0.1:9")
    down.line("state", link="OFFLINE")
    assert down.process.poll() is None
    assert down.end() == 0


@ONE_SHAPE
def test_one_round_for_a_timer(sandbox: Running, command: Command) -> None:
    sandbox.stuck(1)
    done = command("watch", "--once", sandbox=sandbox)
    assert done.returncode == 1, done
    assert '"state":"warning"' in done.stdout
    assert done.stderr == ""


@ONE_SHAPE
@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("0.0.0.0:9464", "others could read it; set WATCHDESK_SERVICE_TOKEN"),
        ("[::]:9464", "others could read it"),
        ("example.com:80", "is no IP address"),
        ("127.0.0.1:99999", "write HOST:PORT"),
        ("here", "write HOST:PORT"),
    ],
)
def test_a_wrong_address_is_told(address: str, why: str, sandbox: Running, command: Command) -> None:
    done = command("watch", "--metrics", address, sandbox=sandbox)
    assert done.returncode in {1, 2}
    assert why in done.stderr
    assert "Traceback" not in done.stderr


@ONE_SHAPE
def test_who_does_not_read_its_lines_does_not_hold_it_up(sandbox: Running, command: Command) -> None:
    out, its_out = os.pipe()
    nothing, silent = os.open(os.devnull, os.O_RDONLY), os.open(os.devnull, os.O_WRONLY)
    os.set_blocking(its_out, True)
    os.write(its_out, b"x" * 65536)  # full
    process = command.start(("watch",), (nothing, its_out, silent), sandbox)
    awaited(
        lambda: sandbox.sql("SELECT 1 FROM autonomous_execution_logs WHERE execution_step = 'lease'") or None, "it runs"
    )
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    for one in (out, its_out, nothing, silent):
        os.close(one)
