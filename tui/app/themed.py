"""The base of both apps, the monitor and the list of projects: themes, the output filter, and what they tell."""

from collections.abc import Sequence

from textual.filter import LineFilter, Monochrome, NoColor

from core.base.text import clean
from tui.app.surviving import SurvivingApp
from tui.base.settings import Setup
from tui.rendering.appearance import Appearance
from tui.rendering.palettes import PLAIN
from tui.rendering.removed_widgets import forget_removed_widgets
from tui.rendering.text import OutputFilter, Signs
from tui.rendering.themes import palette, themes


class Themed(SurvivingApp):
    """An app that is drawn in one of our themes, and lets nothing out that a terminal would obey."""

    CSS_PATH = "watchdesk.tcss"

    def __init__(self, setup: Setup, project_colour: str = "") -> None:
        super().__init__()
        forget_removed_widgets()
        self._output_filter = OutputFilter(ascii_only=setup.ascii)
        self._project_colour = project_colour
        self.appearance = Appearance(signs=Signs(ascii_only=setup.ascii), styles={}, keymap=setup.keymap)
        for one in themes(project_colour):
            self.register_theme(one)
        self._worn = setup.theme
        self._shown_theme = ""
        self.try_on("")
        self.animation_level = "none"
        self.set_keymap(self.appearance.keymap)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Return Textual's filters without its monochrome ones, and our output filter last."""
        return [
            *(one for one in super().get_line_filters() if not isinstance(one, Monochrome | NoColor)),
            self._output_filter,
        ]

    def tell(self, text: str) -> None:
        """Show a notification; it replaces the one before."""
        self.clear_notifications()
        self.notify(clean(text), markup=False, timeout=4)

    def wear(self, name: str) -> None:
        """Show a theme, until it ends."""
        self._worn = name
        self.try_on("")
        self.tell(f'theme {name} until it ends; to keep it: theme = "{name}" under [screen] in the settings file')

    def try_on(self, name: str) -> None:
        """Show a theme for a while; empty: the one that is worn."""
        name = name or self._worn
        if name == self._shown_theme:
            return
        self._shown_theme = name
        self.appearance.styles.clear()
        self.appearance.styles.update(palette(name, self._project_colour))
        self._output_filter.colourless = name == PLAIN
        self.no_color = name == PLAIN  # Textual itself takes an empty NO_COLOR for a set one
        self.theme = f"watchdesk-{name}"
        for screen in self._screen_stack if self.is_running else ():
            for widget in screen.query("*"):
                widget.refresh()
