"""Set one value of the config row: conditionally, if it still is what was shown, and read back."""

from datetime import datetime
from typing import Final

import msgspec

from core.actions.action import Operation, Prepared, ReadBack
from core.actions.dependencies import Dependencies
from core.actions.run import Run
from core.backend.writes.rows import ANY
from core.base.text import clean
from core.domain.actions import Action, Argument, ArgumentKind, Command, Result, Shortcut, Tier
from core.domain.config_settings import SETTINGS, ConfigSetting, ConfigValue, said
from core.domain.plans import Plan, PlanChanged, PlanStep
from core.domain.status import Truth

SET_CONFIG: Final = Action(
    name="set_config",
    tier=Tier.CONFIRM,
    title="Set a config value",
    effect="change one value that controls the agents",
    verb="Set",
    shortcut=Shortcut(name="set", word="set", does="set a config value: a limit, the autonomy level, who is notified"),
    arguments=(
        Argument(name="name", kind=ArgumentKind.SUBJECT, required=True),
        Argument(name="value", words="new value", required=True, replans=True, positional=True),
    ),
    command=Command(
        name="set",
        help=(
            "Set a value that controls the agents: enabled, autonomy_level, max_parallel_tasks, max_tasks_per_run,"
            " max_files_per_task, min_interval_minutes, max_daily_tasks, notification_email (- for none),"
            " notify_on_…. Dry-run has a command of its own."
        ),
    ),
)
ENABLE: Final = Action(
    name="enable",
    tier=Tier.TYPED,
    title="Enable the agents",
    effect="they take tasks up",
    verb="Enable",
    shortcut=Shortcut(name="enable", word="enable", does="enable the agents: they take tasks up"),
    command=Command(name="enable", help="Set enabled to true in the config row."),
)
DISABLE: Final = Action(
    name="disable",
    tier=Tier.CONFIRM,
    title="Disable the agents",
    effect="they refuse every run; what is pending waits",
    verb="Disable",
    shortcut=Shortcut(name="disable", word="disable", does="disable the agents: they refuse every run"),
    command=Command(name="disable", help="Set enabled to false in the config row."),
)


class ConfigPlan(Plan, frozen=True, kw_only=True):
    """One value as it is and as it is to be. `ids`: of all config rows; `set_by`: who changed the row last."""

    name: str = ""
    ids: tuple[str, ...] = ()
    before: ConfigValue = None
    after: ConfigValue = None
    means: str = ""
    set_at: datetime | None = None
    set_by: str = ""
    mixed: bool = False
    """Several config rows differ in it."""
    refused: str = ""
    action: Action | None = None

    @property
    def idle(self) -> bool:
        """Return whether it has that value already."""
        return not self.refused and self.before == self.after and not self.mixed

    @property
    def text(self) -> str:
        """Return what it is, what it becomes, what it means, and who set the row last."""
        if self.refused:
            return self.refused
        by = f" by {self.set_by}" if self.set_by else ""
        last = f"The row was last changed {self.set_at:%Y-%m-%d %H:%M} UTC{by}." if self.set_at is not None else ""
        rows = f"{len(self.ids)} config rows have different values; all of them will be set. " if self.mixed else ""
        now = f"{self.name} is {said(self.before)}" + (" already." if self.idle else f"; becomes {said(self.after)}.")
        return "\n".join(filter(None, (now, f"{self.means[:1].upper()}{self.means[1:]}.", rows + last)))


class SetConfig(Operation[ConfigPlan]):
    """Sets the value `value`, as a person types it, of the column `name`."""

    action = SET_CONFIG
    settles = (SET_CONFIG,)
    nothing = "nothing was set"
    undoes = True
    unsure = "not known whether it was set"

    def __init__(
        self, parts: Dependencies, shown: ConfigPlan | None = None, *, name: str = "", value: str = ""
    ) -> None:
        super().__init__(parts, shown)
        self._name, self._typed = name.strip().lower(), value
        self._written: bool | None = None

    async def plan(self) -> ConfigPlan:
        """Return what it is now, and what it would become. Raises NotLive."""
        setting = SETTINGS.get(self._name)
        if setting is None:
            known = ", ".join(SETTINGS)
            return ConfigPlan(refused=f"{clean(self._name, 40) or 'nothing'} is not a config value: {known} are")
        try:
            after = setting.value_of(self._typed)
        except ValueError as error:
            return ConfigPlan(refused=f"{error}")
        return await self._plan(setting, after)

    async def prepare(self, run: str) -> Prepared | Result:
        """Look again: a value that somebody changed meanwhile is shown anew."""
        shown = await self.agree()
        if shown.refused:
            return self.refused(shown.refused)
        now = await self._plan(SETTINGS[shown.name], shown.after)
        if now.refused:
            return self.refused(now.refused)
        if now.idle:
            return self.already(f"{now.name} is {said(now.after)} already")
        if (now.before, now.ids, now.mixed) != (shown.before, shown.ids, shown.mixed):
            raise PlanChanged(now)
        told = {"name": now.name, "before": now.before, "value": now.after} | ({"mixed": True} if now.mixed else {})
        return Prepared(told=told, planned=1, run=run)

    async def run(self, run: Run) -> None:
        """Write it where it is not so yet, if it is what was shown."""
        plan = self.agreed
        writes, before = self._context.writes, ANY if plan.mixed else plan.before
        changed = await run.write(
            "db:set_config",
            lambda: writes.set_config(plan.ids, column=plan.name, value=plan.after, before=before, seen_at=plan.set_at),
        )
        self._written = None if changed is None else changed > 0

    async def read_back(self, run: Run) -> ReadBack:
        """Say what it is now."""
        plan = self.agreed
        seen = await self._plan(SETTINGS[plan.name], plan.after)
        told = {"name": plan.name, "before": plan.before, "value": plan.after}
        if seen.idle:
            run.changed = 0 if self._written is False else 1  # somebody else may have been faster
            back = f"; it was {said(plan.before)}" if run.changed else ""
            return ReadBack(holds=Truth.TRUE, text=f"{plan.name} is {said(plan.after)} (read back){back}", told=told)
        why = run.why_not(answered=self._written is not None)
        text = f"{plan.name} is NOT {said(plan.after)} but {said(seen.before)}: {why}"
        return ReadBack(holds=Truth.FALSE, text=text, told=told)

    async def undo_step(self, run: str) -> PlanStep | None:
        """Return what the value would be set back to, if it still is what that run set. Raises NotLive."""
        change = await self._still_so(run)
        if change is None:
            return None
        plan = await self._plan(*change)
        typed = plan.action is not None
        effect = f"back to {said(plan.after)}"
        return PlanStep(name=self.action.name, title=plan.name, effect=effect, count=1, typed=typed)

    async def undo(self, undone: str, run: Run) -> None:
        """Set it back, if it still is what that run set. Raises NotLive."""
        change = await self._still_so(undone)
        if change is None:
            run.skipped += 1
            return
        again = type(self)(self._parts, await self._plan(*change))
        await again.run(run)
        await again.read_back(run)  # it counts in `run` what it sees

    async def _still_so(self, run: str) -> tuple[ConfigSetting, ConfigValue] | None:
        """Return which value a run set and what it was, if the config row still has what that run set."""
        told = await self._context.reads.audit.plan_of(run)
        setting = SETTINGS.get(name) if isinstance(name := told.get("name"), str) else None
        before, after = told.get("before"), told.get("value")
        known = all(one is None or isinstance(one, bool | int | str) for one in (before, after))
        if setting is None or not known or told.get("mixed") or "before" not in told:
            return None
        now = await self._plan(setting, after)
        return (setting, before) if now.idle else None

    async def _plan(self, setting: ConfigSetting, after: ConfigValue) -> ConfigPlan:
        rows = await self._context.reads.config.rows()
        if not rows:
            return ConfigPlan(refused="this account cannot see the config row: the agents' settings are unknown")
        if any(setting.name not in row.values for row in rows):
            return ConfigPlan(refused=f"this project's config row has no {setting.name}")
        before = rows[0].values[setting.name]
        typed = any(setting.is_graver(row.values[setting.name], after) for row in rows)
        return ConfigPlan(
            name=setting.name,
            ids=tuple(row.id for row in rows),
            before=before,
            after=after,
            means=setting.means,
            set_at=max((row.updated_at for row in rows if row.updated_at is not None), default=None),
            set_by=rows[0].updated_by,
            mixed=any(row.values[setting.name] != before for row in rows),
            action=msgspec.structs.replace(self.action, tier=Tier.TYPED) if typed else None,
        )


class Enable(SetConfig):
    """Lets the agents take tasks up."""

    action = ENABLE
    settles = (ENABLE,)

    def __init__(self, parts: Dependencies, shown: ConfigPlan | None = None) -> None:
        super().__init__(parts, shown, name="enabled", value="on")


class Disable(SetConfig):
    """Lets the agents take no task up."""

    action = DISABLE
    settles = (DISABLE,)

    def __init__(self, parts: Dependencies, shown: ConfigPlan | None = None) -> None:
        super().__init__(parts, shown, name="enabled", value="off")
