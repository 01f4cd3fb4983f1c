"""What is asked before something is done."""

from tui.dialogs.asking import (
    observe_dialog,
    retry_dialog,
    run_dialog,
    still_meant_dialog,
    undo_dialog,
    withdraw_dialog,
)
from tui.dialogs.choice import ChoiceDialog
from tui.dialogs.confirm import ConfirmDialog
from tui.dialogs.dialog import Dialog
from tui.dialogs.dry_run import DryRunDialog
from tui.dialogs.heal import HealDialog
from tui.dialogs.help import HelpDialog
from tui.dialogs.hold import HoldDialog
from tui.dialogs.jump import JumpDialog
from tui.dialogs.menu import Menu
from tui.dialogs.note import NoteDialog
from tui.dialogs.prompt import Prompt
from tui.dialogs.question import SWALLOW_S, Question
from tui.dialogs.quit import QuitDialog
from tui.dialogs.resume import ResumeDialog
from tui.dialogs.retry_matching import retry_matching_dialog
from tui.dialogs.silence import SilenceDialog
from tui.dialogs.stop import StopDialog

__all__ = [
    "SWALLOW_S",
    "ChoiceDialog",
    "ConfirmDialog",
    "Dialog",
    "DryRunDialog",
    "HealDialog",
    "HelpDialog",
    "HoldDialog",
    "JumpDialog",
    "Menu",
    "NoteDialog",
    "Prompt",
    "Question",
    "QuitDialog",
    "ResumeDialog",
    "SilenceDialog",
    "StopDialog",
    "observe_dialog",
    "retry_dialog",
    "retry_matching_dialog",
    "run_dialog",
    "still_meant_dialog",
    "undo_dialog",
    "withdraw_dialog",
]
