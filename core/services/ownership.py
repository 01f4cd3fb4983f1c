"""The owner among this machine's processes: it does what only one per project and user may do."""

from core.base.store import Store


class Ownership:
    """Tells whether this process is the owner. `only_looks`: it never becomes one."""

    def __init__(self, store: Store, *, only_looks: bool) -> None:
        self._store = store
        self._only_looks = only_looks
        self.mine = False
        """This process is the owner."""

    def __call__(self) -> bool:
        """Return whether this process is the owner."""
        return self.mine

    def take(self) -> bool:
        """Take the lock if no other process has it. Return whether this process has just become the owner."""
        return not self.mine and not self._only_looks and self._store.own()

    def anothers(self) -> str:
        """Return the process that owns the lock on this machine, in words; empty while there is none."""
        return self._store.owner()
