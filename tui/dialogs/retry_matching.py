"""Retry many: every failed task that matched when the dialog opened, and no other."""

import msgspec
from textual.app import ComposeResult
from textual.widgets import Input

from core.domain.actions import RETRY_MATCHING, Result, RetryMatchingPlan, must_type
from core.domain.queries import Listing
from tui.base.interfaces import MonitorLike
from tui.dialogs.dialog import Dialog
from tui.dialogs.field import Field


class RetryMatchingDialog(Dialog):
    """The ids are frozen at the first look; what fails later is told and left alone."""

    ACT = "Retry all"
    HALTS = True
    BOUND = False  # the ids are frozen: what changes is only how many others match

    def __init__(self, monitor: MonitorLike, listing: Listing) -> None:
        self._project = monitor.snapshot.project.name
        super().__init__(f"{RETRY_MATCHING.title} ({self._project}): {RETRY_MATCHING.effect}")
        self._monitor = monitor
        self._listing = listing
        self._plan: RetryMatchingPlan | None = None

    def fields(self) -> ComposeResult:
        """Why, and the project's name where many rows are concerned."""
        yield Field(placeholder="reason", id="reason", max_length=400)
        word = Field(placeholder=f"type {self._project}", id="word")
        word.display = False
        yield word

    async def plan(self) -> str:
        """Which, once; and whether as many still match."""
        if self._plan is None:
            self._plan = await self._monitor.plan_retry_matching(self._listing)
            self.query_one("#word", Input).display = self._word() is not None
        now, _ = await self._monitor.total(_failed(self._listing))
        meanwhile = ""
        if now != self._plan.rows and not self._plan.more:
            meanwhile = f"\nNow {now:,} match: those that came since are left alone, those that went are skipped."
        return (self._plan.refused or self._plan.text) + meanwhile

    async def act(self) -> Result | None:
        """Send them back, each only if it still is the failure that was counted."""
        if self._plan is None:
            return None
        reason = self.query_one("#reason", Input).value.strip()
        return await self._monitor.retry_matching(self._plan, reason, self.progress, self.halted)

    def ready(self) -> bool:
        """Something matches, a reason is given, the name typed where it must be."""
        if self._plan is None or self._plan.refused or not self._plan.rows:
            return False
        word = self._word()
        typed = word is None or self.query_one("#word", Input).value == word
        return typed and bool(self.query_one("#reason", Input).value.strip())

    def _word(self) -> str | None:
        return must_type(RETRY_MATCHING, self._plan.rows if self._plan is not None else 0, self._project)


def retry_matching_dialog(monitor: MonitorLike, listing: Listing) -> RetryMatchingDialog:
    """Of the failed ones among what a list shows."""
    return RetryMatchingDialog(monitor, listing)


def _failed(listing: Listing) -> Listing:
    """The failed ones alone, whatever the filter says of the status."""
    failed = msgspec.structs.replace(listing.filter, status=("failed",))
    return Listing(table=listing.table, filter=failed)
