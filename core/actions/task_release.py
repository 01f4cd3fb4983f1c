"""The base of actions after which the agents run the chosen tasks for real."""

from typing import Final

import msgspec

from core.actions.task_change import TaskChange
from core.domain.actions import Tier
from core.domain.chosen_tasks import TasksPlan
from core.domain.records import ChosenTask

TYPED_ABOVE: Final = 10
"""A release of more tasks than this is typed."""


class TaskRelease(TaskChange):
    """Lets the agents run tasks: many, or risky ones, only after a word was typed."""

    def confirmed(self, plan: TasksPlan) -> TasksPlan:
        """Return the plan, to be typed where it is about many tasks, or a risky one."""
        typed = plan.rows > TYPED_ABOVE or any(one.risky for one in plan.chosen)
        return self.typed(plan) if typed else plan

    def typed(self, plan: TasksPlan) -> TasksPlan:
        """Return the plan, to be confirmed by a word."""
        return msgspec.structs.replace(plan, action=msgspec.structs.replace(self.action, tier=Tier.TYPED))

    async def consequences(self, chosen: tuple[ChosenTask, ...]) -> tuple[str, ...]:
        """Return what keeps the agents from running them, and that dry-run marks them as done. Raises NotLive."""
        reads = self._context.reads
        config, types = await reads.config.fetch(), {one.task.task_type for one in chosen}
        notes = [
            f"{one.text}: they are held back again" for one in await reads.pauses.standing() if one.task_type in types
        ]
        if config is None:
            return tuple(notes)
        if config.several:
            notes.append(config.differing)
        if config.emergency_stop:
            notes.append("an emergency stop is set: nothing runs until you resume")
        elif not config.enabled:
            notes.append("the agents are disabled: nothing runs until they are enabled")
        if config.dry_run:
            them = "it" if len(chosen) == 1 else "them"
            notes.append(f"dry-run is on: the agents will mark {them} as completed without doing anything")
        return tuple(notes)
