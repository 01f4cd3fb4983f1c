"""Who may act by itself: of many monitors one, by a row of the execution log that is renewed by compare-and-swap.

The lease saves work and noise; correctness comes from the conditional writes. Its times are measured on each
monitor's own clock: a holder trusts a renewal from the moment it *began*, and stops long before another, who has seen
the same token stand still for longer, takes over.
"""

import uuid
from collections.abc import Callable
from typing import Final

import msgspec

from core.actions.context import ActionContext, lost
from core.base.bounds import Period
from core.base.clock import Clock
from core.domain.lease import LeaseView
from core.domain.records import LeaseRow, SpoiltLease
from core.resilience import NotLive
from core.resilience.fault import Fault


class LeaseRules(msgspec.Struct, frozen=True, kw_only=True):
    """Periods of the lease, which the monitor that acts holds. Section `lease` of the settings. Seconds."""

    renew_s: Period = 20.0
    """The period in which the holder renews it, and another looks."""
    retry_s: Period = 5.0
    """The pause before another try after a failure."""
    hold_s: Period = 60.0
    """A holder acts this long after the start of its last good renewal, less one request's time."""
    take_over_s: Period = 90.0
    """Another takes over once it has seen one token stand still this long."""


class Lease:
    """One monitor's side of it. `round` again and again; `valid` before every batch of an automatic action."""

    def __init__(  # noqa: PLR0913 - what it is about, who we are, and how long things take
        self,
        clock: Clock,
        context: ActionContext,
        lease_id: str,
        *,
        holder: str,
        host: str,
        request_s: float,
        acts: bool = True,
        rules: LeaseRules | None = None,
        new_token: Callable[[], str] = lambda: str(uuid.uuid4()),
    ) -> None:
        self._clock = clock
        self._context = context
        self._id = lease_id
        self._holder, self._host, self._acts = holder, host, acts
        self._rules = rules or LeaseRules()
        self._trusted_s = self._rules.hold_s - request_s
        again_s = request_s + self._rules.retry_s
        self.calm_renew_s = max(self._rules.renew_s, min(2 * self._rules.renew_s, self._trusted_s - again_s))
        """The period while all is well: longer, with time for one more try, and for three before another takes it."""
        self._new_token = new_token
        self._token = ""
        self._began = 0.0
        self._tried: tuple[str, float] | None = None
        self._still: tuple[str, float] | None = None
        self._row: LeaseRow | None = None
        self._term = 0
        """The highest term that was seen."""
        self._seen = 0.0
        self._held: tuple[str, int, float] | None = None
        """Who holds it for which term, and since when we have seen that."""
        self._why = ""
        self.tells: Callable[[], bool | None] = lambda: None
        """Whether what we tell of alerts reaches anybody; said with each renewal."""

    def valid(self) -> bool:
        """Return whether we hold it, surely enough to act."""
        return bool(self._token) and self._clock.elapsed() - self._began < self._trusted_s

    def anothers(self) -> bool:
        """Return whether another monitor holds it: its row was read lately, and its token changes."""
        if self._row is None or self._token or self._still is None:
            return False
        now = self._clock.elapsed()
        fresh = now - self._seen < self._rules.hold_s
        return fresh and now - self._still[1] < self._rules.take_over_s

    def anothers_for_s(self) -> float:
        """For how long we have seen the same other holder renew it; 0 where nobody else holds it."""
        return self._clock.elapsed() - self._held[2] if self._held is not None and self.anothers() else 0.0

    def view(self) -> LeaseView:
        """As it is shown."""
        row, why = self._row, self._why
        if row is None:
            return LeaseView(why=why)
        if self._token and not self.valid() and not why:
            why = "this monitor could not renew it in time"
        return LeaseView(
            holder=row.holder,
            host=row.host,
            term=row.term,
            mine=self.valid(),
            acts=row.acts,
            tells=row.tells,
            why=why,
        )

    async def round(self) -> float:
        """Renew it, look who has it, or take it. In how many seconds the next one is due. Never raises for a fault."""
        self._why = ""
        try:
            await (self._renew() if self._token and self._tried is None else self._look())
        except NotLive as not_live:
            self._why = not_live.fault.sentence()
            return self._rules.retry_s
        if self._token or self._still is None:
            return self._rules.renew_s
        # No later than the moment at which it has stood still for long enough.
        stood = self._clock.elapsed() - self._still[1]
        return min(self._rules.renew_s, max(0.0, self._rules.take_over_s - stood))

    async def look_on(self) -> None:
        """See who holds it, and take no part in it. Never raises for a fault."""
        try:
            row = await self._read()
        except NotLive as not_live:
            self._why = not_live.fault.sentence()
            return
        self._row = row if isinstance(row, LeaseRow) else None
        self._why = _SPOILT if isinstance(row, SpoiltLease) else ""

    async def release(self) -> None:
        """Give it up, after all work has stopped. What cannot be said to the project ends by itself."""
        token, self._token = self._token, ""
        if token:
            try:
                writes = self._context.writes
                await self._context.write("db:release_lease", lambda: writes.delete_lease(self._id, token))
            except NotLive as not_live:
                self._why = not_live.fault.sentence()

    async def _renew(self) -> None:
        row = self._row
        if row is None or not await self._swap(self._token, row.term):
            await self._look()

    async def _look(self) -> None:
        """Read the row, and conclude: ours, another's, free, or standing still for too long."""
        row = await self._read()
        mine, self._token = self._token, ""
        if row is None:
            await self._insert(self._term + 1)
            return
        if isinstance(row, SpoiltLease):
            self._row, self._tried = None, None
            await self._replace(row)
            return
        self._row = row
        if self._tried is not None and row.token == self._tried[0]:
            self._hold(*self._tried)  # it had arrived, and only its answer was lost
            return
        if mine and row.token == mine:
            # Untouched: either a renewal never arrived, or the project does not let us change the row.
            never_arrived, self._tried = self._tried is not None, None
            self._token = mine
            if not await self._swap(mine, row.term) and not never_arrived:
                self._token = ""
                self._why = _GRANT
            return
        self._tried = None
        now = self._clock.elapsed()
        if self._acts and not row.acts:
            # Its holder never acts by itself: taking it from there lets nobody act twice.
            await self._swap(row.token, row.term + 1, new_term=True)
        elif (
            self._still is not None
            and now - self._still[1] >= self._rules.take_over_s
            and not await self._swap(row.token, row.term + 1, new_term=True)
        ):
            self._why = _GRANT if await self._stands(row.token) else ""

    async def _replace(self, spoilt: SpoiltLease) -> None:
        """Take over from a row that cannot be read, once it has stood still for as long as any other."""
        self._why = _SPOILT
        if self._still is None or self._clock.elapsed() - self._still[1] < self._rules.take_over_s:
            return
        token, began = self._new_token(), self._clock.elapsed()
        row = self._row_of(self._term + 1, token)
        writes = self._context.writes
        try:
            changed = await self._context.write(
                "db:renew_lease", lambda: writes.replace_spoilt_lease(self._id, spoilt, row)
            )
        except NotLive as not_live:
            self._lost(not_live.fault, not_live, token, began)
            raise
        if changed:
            self._row, self._why = row, ""
            self._hold(token, began)
        elif await self._stands(spoilt.token):
            self._why = _GRANT

    async def _read(self) -> LeaseRow | SpoiltLease | None:
        """The row now, and since when its token has stood still."""
        row = await self._context.reads.logs.lease(self._id)
        self._seen = self._clock.elapsed()
        if isinstance(row, LeaseRow):
            self._term = max(self._term, row.term)
            if self._held is None or self._held[:2] != (row.holder, row.term):
                self._held = (row.holder, row.term, self._seen)
        else:
            self._held = None
        if row is None:
            self._still = None
        elif self._still is None or self._still[0] != row.token:
            self._still = (row.token, self._seen)
        return row

    async def _stands(self, token: str) -> bool:
        row = await self._context.reads.logs.lease(self._id)
        return row is not None and row.token == token

    async def _swap(self, expected: str, term: int, *, new_term: bool = False) -> bool:
        """Put a token of ours in the place of `expected`. Whether the row changed. Raises NotLive."""
        token, began = self._new_token(), self._clock.elapsed()
        row = self._row_of(term, token)
        try:
            changed = await self._context.write(
                "db:renew_lease", lambda: self._context.writes.swap_lease(self._id, expected, row, new_term=new_term)
            )
        except NotLive as not_live:
            self._lost(not_live.fault, not_live, token, began)
            raise
        if changed:
            self._row = row
            self._hold(token, began)
        return changed

    async def _insert(self, term: int) -> None:
        token, began = self._new_token(), self._clock.elapsed()
        row = self._row_of(term, token)
        try:
            await self._context.write("db:take_lease", lambda: self._context.writes.insert_lease(self._id, row))
        except NotLive as not_live:
            if not_live.fault.kind != "duplicate":
                self._lost(not_live.fault, not_live, token, began)
                raise
            there = await self._read()  # another was faster
            self._row = there if isinstance(there, LeaseRow) else None
            self._why = _HIDDEN if there is None else _SPOILT if isinstance(there, SpoiltLease) else ""
            return
        self._row = row
        self._hold(token, began)

    def _row_of(self, term: int, token: str) -> LeaseRow:
        return LeaseRow(
            holder=self._holder, host=self._host, term=term, token=token, acts=self._acts, tells=self.tells()
        )

    def _lost(self, fault: Fault, error: NotLive, token: str, began: float) -> None:
        """A write whose answer was lost may have arrived: the next look decides."""
        if lost(error) or fault.kind == "deadline":
            self._tried = (token, began)

    def _hold(self, token: str, began: float) -> None:
        self._token, self._began, self._tried, self._still = token, began, None, None
        if self._row is not None:
            self._term = max(self._term, self._row.term)


_SPOILT: Final = "the lease row cannot be read: this monitor takes it over once it has not been renewed for long enough"
_HIDDEN: Final = "another monitor holds it, and its row is not visible to this account"
_GRANT: Final = "not allowed to update autonomous_execution_logs: sign in as the master account or use a secret key"
