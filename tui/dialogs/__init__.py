"""Everything that is asked before something is done."""

from tui.dialogs.action_dialog import ActionDialog
from tui.dialogs.choice import ChoiceDialog
from tui.dialogs.command_prompt import CommandPrompt
from tui.dialogs.dialog import Dialog
from tui.dialogs.help import HelpDialog
from tui.dialogs.jump import JumpDialog
from tui.dialogs.menu import Menu
from tui.dialogs.note import NoteDialog
from tui.dialogs.prompt import Prompt
from tui.dialogs.question import Question
from tui.dialogs.quit import QuitDialog

__all__ = [
    "ActionDialog",
    "ChoiceDialog",
    "CommandPrompt",
    "Dialog",
    "HelpDialog",
    "JumpDialog",
    "Menu",
    "NoteDialog",
    "Prompt",
    "Question",
    "QuitDialog",
]
