"""The view of tasks in groups; a row leads to what can be done with all of its tasks."""

from core.actions.catalogue import statuses_of
from tui.actions.start import start
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
        choices = [(action, f"{action.title.lower()}: {action.effect} …") for action in offered]
        chosen = await self.ui.choose(details.heading, [*choices], details.text, way_back="Close")
        if chosen is not None:
            await start(self.ui, chosen, tasks=group.ids_in(statuses_of(chosen)))
