"""Actions on this process: check now, restart the watchdog, allow actions despite --observe, send a test message."""

from typing import Final

from core.actions.action import LocalOperation
from core.actions.context import Actor
from core.domain.actions import Action, Result, ResultPhase, Shortcut, Tier
from core.domain.plans import Sentence

CHECK_NOW: Final = Action(
    name="check_now",
    tier=Tier.SAFE,
    title="Check now",
    effect="run all checks",
    writes=False,
    shortcut=Shortcut(
        name="check", key="c", word="check", does="check now: refresh everything, run all checks", drops=5
    ),
)
RESTART: Final = Action(
    name="restart_watchdog",
    tier=Tier.SAFE,
    title="Restart the watchdog",
    effect="stop the watchdog and start it again",
    writes=False,
    shortcut=Shortcut(name="restart", key="w", word="restart", does="restart the watchdog's loop", drops=20),
)
OBSERVE_OFF: Final = Action(
    name="lift_observe",
    tier=Tier.TYPED,
    title="Allow actions",
    effect="allow your actions for 15 minutes despite --observe; automatic actions stay off",
    writes=False,
    shortcut=Shortcut(name="observe_off", word="observe", does="allow actions: for 15 minutes despite --observe"),
)
TEST_MESSAGE: Final = Action(
    name="test_message",
    tier=Tier.SAFE,
    title="Send a test message",
    effect="send one to every contact and channel",
    writes=False,
    shortcut=Shortcut(name="test_message", word="test", does="send a test message: to every contact and channel"),
)


class ProcessOperation(LocalOperation[Sentence]):
    """An action that takes no arguments and changes nothing of the project."""

    changes = False

    async def plan(self) -> Sentence:
        """Return its effect."""
        return Sentence(text=self.action.effect)


class CheckNow(ProcessOperation):
    """Refreshes every panel and runs every check at once."""

    action = CHECK_NOW

    async def act(self, actor: Actor) -> Result:
        """Check. Never raises for a fault."""
        await self._parts.check_now()
        return self.unchanged("checked", already=True)


class RestartWatchdog(ProcessOperation):
    """Ends the watchdog's loop and begins it anew; it looks at once."""

    action = RESTART
    target, done = "the watchdog's loop", "restarted"

    async def act(self, actor: Actor) -> Result:
        """Restart it."""
        self._parts.restart_watchdog()
        return self.verified("the watchdog's loop was restarted")


class ObserveOff(ProcessOperation):
    """Allows an operator's actions for 15 minutes although it was started with `--observe`."""

    action = OBSERVE_OFF
    target, done = "--observe", "off for 15 minutes: actions are allowed"

    async def plan(self) -> Sentence:
        """Return how it goes on."""
        return Sentence(
            text="This monitor was started with --observe. After 15 minutes it becomes read-only again automatically."
        )

    async def act(self, actor: Actor) -> Result:
        """Allow them."""
        self._parts.read_only.lift()
        return self.verified("actions are allowed for 15 minutes")


class TestMessage(ProcessOperation):
    """Sends a test message to everybody who is told of alerts."""

    action = TEST_MESSAGE

    async def act(self, actor: Actor) -> Result:
        """Send it. Never raises for a fault."""
        sent = await self._parts.send_test_messages()
        said = [f"{one.name}: {one.why}" if one.why else f"{one.name} accepted the test message" for one in sent]
        text = "; ".join(said) or "nobody is notified of alerts: set [alerts] contacts"
        phase = ResultPhase.UNCHANGED if any(one.why for one in sent) or not sent else ResultPhase.VERIFIED
        return Result(action=self.action.name, phase=phase, text=text)
