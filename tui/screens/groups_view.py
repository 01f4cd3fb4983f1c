"""The view of tasks in groups; a row leads to what can be done with all of its tasks."""

from core.actions.catalogue import statuses_of
from core.domain.actions import Action
from core.domain.queries import Table, filter_text
from core.domain.task_groups import filter_of
from tui.actions.choice import Choice, Go
from tui.actions.start import follow, start
from tui.actions.tasks import actions_on
from tui.actions.ui import Ui
from tui.lists.groups import GroupList
from tui.panels.row_list import Row
from tui.screens.list_view import ListView


class GroupsView(ListView):
    """Shows the groups as they were read. What is done with one is done to those of its tasks that still are so."""

    KEPT = False
    listed: GroupList

    def __init__(self, ui: Ui, listed: GroupList) -> None:
        super().__init__(ui, listed)

    async def open_row(self, row: Row) -> None:
        """Show the group in full, and let the operator choose what to do with its tasks."""
        details, group = self.listed.details(row.key, self.ui.shown), self.listed.group(row.key)
        if details is None:
            return
        offered = [] if self.ui.time.moment is not None else list(actions_on(group.by_status))
        choices: list[tuple[Choice, str]] = [
            (Choice(action), f"{action.title.lower()}: {action.effect} …") for action in offered
        ]
        only = filter_of(group.name, self.listed.found.by, self.listed.listing.filter)
        if only is not None and self.ui.time.moment is None:
            choices.append((Choice(Go.TASKS, filter_text(only, Table.TASKS)), "list them"))
        chosen = await self.ui.choose(details.heading, choices, details.text, way_back="Close")
        if chosen is not None and isinstance(chosen.what, Action):
            await start(self.ui, chosen.what, tasks=group.ids_in(statuses_of(chosen.what)))
        elif chosen is not None:
            await follow(self.ui, chosen)
