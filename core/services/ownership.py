"""Which of this machine's processes does what only one per project and user may do."""

from core.base.store import Store


class Ownership:
    """Knows whether this process is the owner. `only_looks`: it never becomes one."""

    def __init__(self, store: Store, *, only_looks: bool) -> None:
        self._store = store
        self._only_looks = only_looks
        self.mine = False
        """Whether this process runs what only one of this project and user may."""

    def __call__(self) -> bool:
        """Return whether this process is the owner."""
        return self.mine

    def take(self) -> bool:
        """Take the lock if no other process has it. Return whether this process has just become the owner."""
        return not self.mine and not self._only_looks and self._store.own()

    def anothers(self) -> str:
        """Return who owns it on this machine, in words; empty where that is not known."""
        return self._store.owner()
