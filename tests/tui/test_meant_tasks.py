"""An action on all that match a filter is about nothing that the list does not show."""

import itertools

import pytest

from core.actions.catalogue import statuses_of
from core.actions.requeue_tasks import REQUEUE_TASKS
from core.actions.retry_matching import RETRY_MATCHING
from core.domain.actions import Action
from core.domain.queries import Listing, Table, parse_filter
from core.domain.records import STATUSES
from tui.actions.tasks import ON_MANY, meant_by

GIVEN = [(), *((one,) for one in STATUSES), *itertools.combinations(STATUSES, 2)]


@pytest.mark.parametrize("action", ON_MANY, ids=lambda one: one.name)
def test_the_statuses_of_the_filter_that_the_action_is_about_and_no_others(action: Action) -> None:
    about = set(statuses_of(action))
    for given in GIVEN:
        words = f"status:{','.join(given)} type:bug_fix" if given else "type:bug_fix"
        listing = Listing(table=Table.TASKS, filter=parse_filter(words, Table.TASKS))
        meant = parse_filter(" ".join(meant_by(listing, action)), Table.TASKS)
        assert meant.kind == ("bug_fix",)
        assert set(meant.status) == (about if not given else about & set(given) or set(given)), given


def test_one_of_several_statuses_is_left_out_where_the_filter_leaves_it_out() -> None:
    listing = Listing(table=Table.TASKS, filter=parse_filter("status:rolled_back -status:failed", Table.TASKS))
    assert meant_by(listing, REQUEUE_TASKS) == ("status:rolled_back", "-status:failed")
    assert meant_by(Listing(table=Table.TASKS), RETRY_MATCHING) == ("status:failed",)
