"""The state against a dict, over any order of writes, restarts, crashes and other processes' writes."""

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable
from pathlib import Path
from typing import TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from core.base.store import Store, Transaction

T = TypeVar("T")
KINDS, KEYS = st.sampled_from(["hold", "order"]), st.sampled_from(["a", "b", "ä\x00\U0001f600"])
VALUES = st.one_of(st.integers(-(2**53), 2**53), st.text(max_size=20), st.lists(st.booleans(), max_size=3))


class StateMachine(RuleBasedStateMachine):
    """`kept` is what must be there: everything that was accepted, nothing else."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp(prefix="watchdesk-state-"))
        self.loop = asyncio.new_event_loop()
        self.states = [Store(self.directory, "s"), Store(self.directory, "s")]
        self.kept: dict[tuple[str, str], object] = {}

    def do(self, work: Awaitable[T]) -> T:
        return self.loop.run_until_complete(work)

    @rule(which=st.integers(0, 1), kind=KINDS, key=KEYS, value=VALUES)
    def put(self, which: int, kind: str, key: str, value: object) -> None:
        self.do(self.states[which].put(kind, key, value))
        self.kept[kind, key] = value

    @rule(which=st.integers(0, 1), kind=KINDS, key=KEYS)
    def remove(self, which: int, kind: str, key: str) -> None:
        assert self.do(self.states[which].remove(kind, key)) is ((kind, key) in self.kept)
        self.kept.pop((kind, key), None)

    @rule(which=st.integers(0, 1), kind=KINDS, values=st.dictionaries(KEYS, VALUES), whole=st.booleans())
    def several_at_once(self, which: int, kind: str, values: dict[str, object], whole: bool) -> None:
        def work(transaction: Transaction) -> None:
            for key, value in values.items():
                transaction.put(kind, key, value)
            if not whole:
                raise LookupError

        try:
            self.do(self.states[which].change(work))
        except LookupError:
            return
        self.kept |= {(kind, key): value for key, value in values.items()}

    @rule(which=st.integers(0, 1))
    def restart(self, which: int) -> None:
        self.do(self.states[which].close())
        self.states[which] = Store(self.directory, "s")

    @rule(which=st.integers(0, 1))
    def crash(self, which: int) -> None:
        """The files as they lie on the disk at this moment are all that is left."""
        copy = Path(tempfile.mkdtemp(prefix="watchdesk-state-"))
        shutil.copytree(self.directory, copy, dirs_exist_ok=True)
        for state in self.states:
            self.do(state.close())
        shutil.rmtree(self.directory)
        self.directory = copy
        self.states = [Store(copy, "s"), Store(copy, "s")]

    @invariant()
    def everything_accepted_is_there(self) -> None:
        for state in self.states:
            for kind in ("hold", "order"):
                expected = {key: value for (k, key), value in self.kept.items() if k == kind}
                assert self.do(state.all(kind, object)) == expected
                assert state.warning is None

    def teardown(self) -> None:
        for state in self.states:
            self.do(state.close())
        self.loop.close()
        shutil.rmtree(self.directory)


TestStateMachine = StateMachine.TestCase
TestStateMachine.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
