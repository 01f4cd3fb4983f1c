"""The monitor with keys that make it fail, each in another way: `python -m tests.tui.failing`."""

import os
import sys
import threading
import time
from pathlib import Path
from typing import Final

import tui.app.app
from core.base.settings import read_layers
from core.monitor import Monitor, read_config
from tui.cli.session import start_logging
from tui.terminal.running import run_app

EVIL: Final = "evil \x1b]52;c;Zg==\x07 \x9b2J sb_secret_hunter2"


class Failing(tui.app.app.WatchdeskApp):
    """Fails when it is told to."""

    CSS_PATH = Path(tui.app.app.__file__).with_name("watchdesk.tcss")
    ends_badly = False

    def on_mount(self) -> None:
        """As a mistake of ours would before the first picture: there is nothing to go on with."""
        if os.environ.get("FAILS") == "at-start":
            self.call_after_refresh(self._fail)
        if os.environ.get("FAILS") == "as-textual":
            self.call_after_refresh(self._fail_as_textual)

    def key_upper_h(self) -> None:
        """As a mistake of ours would, in what a key only begins."""
        self.call_later(self._fail)

    def key_upper_b(self) -> None:
        """With an exception that Textual draws itself."""
        self.call_later(self._fail_as_textual)

    def key_upper_j(self) -> None:
        """Not at all, but with unclean words."""
        self.exit(message=EVIL)

    def key_upper_d(self) -> None:
        """While it ends."""
        self.ends_badly = True
        self.exit()

    def key_upper_e(self) -> None:
        """In a thread, after it has ended."""
        threading.Thread(target=self._late).start()
        self.exit()

    def key_upper_f(self) -> None:
        """Not at all, but the event loop hangs."""
        time.sleep(60)

    def _fail(self) -> None:
        kept_here = EVIL
        raise RuntimeError(kept_here)

    def _fail_as_textual(self) -> None:
        self.stylesheet.add_source(f"{EVIL} {{ color: red; }}")
        self.stylesheet.parse()

    def _late(self) -> None:
        while self.is_running:
            time.sleep(0.1)
        time.sleep(0.5)
        raise RuntimeError(EVIL)

    async def on_unmount(self) -> None:
        """Before the monitor's own, which Textual calls as well."""
        if self.ends_badly:
            raise RuntimeError(EVIL)


if __name__ == "__main__":
    config = read_config(read_layers(), project=None, observe=False)
    start_logging(config.target)
    sys.exit(run_app(lambda: Failing(Monitor(config))))
