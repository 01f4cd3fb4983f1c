"""The owner among this machine's processes: it does what only one per project and user may do."""

from core.base.store import Store


class Ownership:
    """Tells whether this process is the owner. `only_looks`: it never becomes one.

    `observes`: it may not act, so it gives way to any that may, and keeps what is to be kept only while none runs.
    """

    def __init__(self, store: Store, *, only_looks: bool, observes: bool = False) -> None:
        self._store = store
        self._only_looks = only_looks
        self._among_observers = store.lock("observer") if observes else None
        self.mine = False
        """This process is the owner."""
        self.gives_way = False
        """Another process is the owner, or is let become it: this one does not take the lock meanwhile."""

    def __call__(self) -> bool:
        """Return whether this process is the owner."""
        return self.mine

    def take(self) -> bool:
        """Take the lock if no other process has it. Return whether this process has just become the owner.

        The owner is it no more if the lock's file was deleted and another process has taken the new one.
        """
        if self._only_looks or self.gives_way:
            return False
        if self._among_observers is None:
            owns = self._store.own()
        else:
            owns = not self._store.owner() and self._among_observers.take()
        before, self.mine = self.mine, self.mine and owns
        return owns and not before

    def give_way(self) -> None:
        """Be the owner no more, for the sake of another process."""
        self.mine, self.gives_way = False, True
        self._store.disown()

    def vacant(self) -> bool:
        """Return whether no process owns the lock, and this one may take it."""
        return not (self.mine or self._only_looks or self.gives_way or self.anothers())

    def anothers(self) -> str:
        """Return the process that owns the lock on this machine, in words; empty while there is none."""
        return self._store.owner() or (self._among_observers.holder() if self._among_observers is not None else "")

    def close(self) -> None:
        """Own nothing any more."""
        if self._among_observers is not None:
            self._among_observers.release()
