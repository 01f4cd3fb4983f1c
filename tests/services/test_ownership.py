"""Of this machine's processes one does what only one may do; who only observes gives way to one that may act."""

from pathlib import Path

from core.base.store import Store
from core.services.ownership import Ownership


def test_who_observes_gives_way_and_is_alone_again(tmp_path: Path) -> None:
    observer = Ownership(Store(tmp_path, "s"), only_looks=False, observes=True)
    observer.mine = observer.take()
    assert observer.mine
    second = Ownership(Store(tmp_path, "s"), only_looks=False, observes=True)
    assert not second.take()  # of two that observe one keeps what is to be kept
    store = Store(tmp_path, "s")
    acting = Ownership(store, only_looks=False)
    acting.mine = acting.take()
    assert acting.mine
    assert not observer.take()
    assert not observer.mine
    store._lock.release()
    assert observer.take()


def test_who_only_looks_owns_nothing(tmp_path: Path) -> None:
    assert not Ownership(Store(tmp_path, "s"), only_looks=True).take()


def test_whose_lock_was_deleted_takes_it_anew_unless_another_was_faster(tmp_path: Path) -> None:
    first, second = (Ownership(Store(tmp_path, "s"), only_looks=False) for _ in range(2))
    first.mine = first.take()
    (tmp_path / "s.lock").unlink()
    assert (first.take(), first.mine) == (False, True)
    assert not second.take()
    (tmp_path / "s.lock").unlink()
    second.mine = second.take()
    assert second.mine
    assert (first.take(), first.mine) == (False, False)
