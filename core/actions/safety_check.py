"""Safety checks on and off, where they are settings: conditionally, if one still is what was shown, and read back."""

from functools import partial
from typing import Final

import msgspec

from core.actions.action import Operation, Prepared, ReadBack
from core.actions.dependencies import Dependencies
from core.actions.run import Run
from core.base.text import clean, plural
from core.domain.actions import Action, Argument, ArgumentKind, Command, Result, Shortcut, Tier
from core.domain.plans import Plan, PlanChanged, PlanStep
from core.domain.queries import Filter, FilterError
from core.domain.records import SafetyCheck
from core.domain.status import Truth

NO_SETTINGS: Final = (
    "in this project safety checks are results of tasks, not settings: they cannot be enabled or disabled"
)

_CHECK: Final = (Argument(name="check", kind=ArgumentKind.SUBJECT, metavar="CHECK", required=True),)

ENABLE_CHECK: Final = Action(
    name="enable_check",
    tier=Tier.CONFIRM,
    title="Enable a safety check",
    effect="the agents have to pass it",
    verb="Enable",
    arguments=_CHECK,
    shortcut=Shortcut(name="enable_check", word="enable check", does="enable a safety check: agents must pass it"),
    command=Command(
        name="enable-check",
        help="Enable the safety check with this id or name, where the project has them as settings.",
    ),
)
DISABLE_CHECK: Final = Action(
    name="disable_check",
    tier=Tier.CONFIRM,
    title="Disable a safety check",
    effect="the agents no longer have to pass it",
    verb="Disable",
    arguments=_CHECK,
    shortcut=Shortcut(
        name="disable_check", word="disable check", does="disable a safety check: agents no longer have to pass it"
    ),
    command=Command(
        name="disable-check",
        help=(
            "Disable the safety check with this id or name, where the project has them as settings. A blocking one"
            " asks you to type a word. It can be undone."
        ),
    ),
)


class CheckPlan(Plan, frozen=True, kw_only=True):
    """One safety check as it is, and whether it is to be `on`."""

    check: SafetyCheck | None = None
    on: bool = False
    refused: str = ""
    action: Action | None = None

    @property
    def idle(self) -> bool:
        """Return whether it is so already."""
        return self.check is not None and _enabled(self.check) is self.on

    @property
    def text(self) -> str:
        """Return what it is and what it becomes."""
        if self.check is None:
            return self.refused
        now = self.check.verdict or "neither enabled nor disabled"
        blocks = {True: "It is blocking.", False: "It only warns.", None: "Whether it blocks is not known."}
        to = f"{now} already" if self.idle else f"{now}; becomes {_word(self.on)}"
        return f"{called(self.check)} is {to}.\n{blocks[self.check.blocking]}"


class SwitchCheck(Operation[CheckPlan]):
    """Enables or disables the safety check with the id or name `check`."""

    on: bool
    nothing = "no safety check was changed"
    unsure = "not known whether it was switched"

    def __init__(self, parts: Dependencies, shown: CheckPlan | None = None, *, check: str = "") -> None:
        super().__init__(parts, shown)
        self._named = check.strip()

    async def plan(self) -> CheckPlan:
        """Return what the check is now. Raises NotLive."""
        try:
            Filter(words=(self._named,))  # what no row can have is not asked for
        except FilterError:
            return self._none()
        found = await self._context.reads.safety.settings(self._named)
        if found is None:
            return CheckPlan(on=self.on, refused=NO_SETTINGS)
        if not found:
            return self._none()
        if len(found) > 1:
            ids = ", ".join(one.id for one in found)
            return CheckPlan(on=self.on, refused=f"{len(found)} safety checks have that name; give an id: {ids}")
        (check,) = found
        typed = not self.on and check.blocking is not False
        grave = msgspec.structs.replace(self.action, tier=Tier.TYPED) if typed else None
        return CheckPlan(check=check, on=self.on, action=grave)

    def _none(self) -> CheckPlan:
        named = clean(self._named, 60) or "nothing"
        return CheckPlan(on=self.on, refused=f"{named} is not a safety check of this project: give its id or name")

    async def prepare(self, run: str) -> Prepared | Result:
        """Look again: one that somebody changed meanwhile is shown anew."""
        shown = await self.agree()
        if shown.check is None:
            return self.refused(shown.refused)
        self._named = shown.check.id
        now = await self.plan()
        if now.check is None:
            return self.refused(now.refused)
        if now.idle:
            return self.already(f"{called(now.check)} is {_word(self.on)} already")
        if now.check != shown.check:
            raise PlanChanged(now)
        told = {"check": called(now.check), "ids": [now.check.id], "before": _enabled(now.check), "enabled": self.on}
        return Prepared(told=told, planned=1, run=run)

    async def run(self, run: Run) -> None:
        """Switch it, if it still is as it was shown."""
        check = _of(self.agreed)
        await self._switch(run, (check.id,), before=_enabled(check), enabled=self.on)

    async def read_back(self, run: Run) -> ReadBack:
        """Say what it is now."""
        check = _of(self.agreed)
        self._named = check.id
        seen = (await self.plan()).check
        told = {"check": called(check), "enabled": self.on}
        if seen is not None and _enabled(seen) is self.on:
            return ReadBack(holds=Truth.TRUE, text=f"{called(check)} is {_word(self.on)} (read back)", told=told)
        is_now = "gone" if seen is None else f"still {seen.verdict or 'neither'}"
        text = f"{called(check)} is NOT {_word(self.on)} but {is_now}: {run.text()}"
        return ReadBack(holds=Truth.FALSE, text=text, told=told)

    async def _switch(self, run: Run, ids: tuple[str, ...], *, before: bool | None, enabled: bool) -> None:
        switched, write = self._context.reads.safety.switched, self._context.writes.switch_safety_check

        async def left(missed: tuple[str, ...]) -> int:
            return len(await switched(missed, enabled=before))

        send, changed = partial(write, before=before, enabled=enabled), partial(switched, enabled=enabled)
        run.count(ids, await run.change("db:switch_safety_check", ids, send=send, changed=changed, left=left))


class EnableCheck(SwitchCheck):
    """Enables a safety check."""

    action = ENABLE_CHECK
    settles = (ENABLE_CHECK,)
    on = True


class DisableCheck(SwitchCheck):
    """Disables a safety check. Its undo enables it again."""

    action = DISABLE_CHECK
    settles = (DISABLE_CHECK,)
    undoes = True
    on = False

    async def undo_step(self, run: str) -> PlanStep | None:
        """Return the check that run disabled, if it still is. Raises NotLive."""
        ids = await self._still_so(run)
        if not ids:
            return None
        title = plural(len(ids), "safety check")
        return PlanStep(name=self.action.name, title=title, effect="enabled again", count=len(ids), ids=ids)

    async def undo(self, undone: str, run: Run) -> None:
        """Enable it again. Raises NotLive."""
        ids = await self._still_so(undone)
        if ids and not run.halted():
            await self._switch(run, ids, before=False, enabled=True)

    async def _still_so(self, run: str) -> tuple[str, ...]:
        of_run = await self._context.reads.audit.chosen_by_run(run)
        if of_run is None or not of_run.ids:
            return ()
        return await self._context.reads.safety.switched(tuple(sorted(of_run.ids)), enabled=False)


def called(check: SafetyCheck) -> str:
    """Return the name of a check and its type."""
    return f"{check.name} ({check.check_type})" if check.name else check.check_type


def _of(plan: CheckPlan) -> SafetyCheck:
    if plan.check is None:
        raise RuntimeError("no safety check was planned")
    return plan.check


def _enabled(check: SafetyCheck) -> bool | None:
    return {"enabled": True, "disabled": False}.get(check.verdict)


def _word(on: bool) -> str:
    return "enabled" if on else "disabled"
