"""The display in a browser, which has all colours and signs, whatever the server's own terminal has."""

import os
from collections.abc import Mapping

from tui.base.settings import Display, ScreenSettings
from tui.rendering.palettes import AUTO, PLAIN


def browser_display(settings: ScreenSettings, environ: Mapping[str, str] = os.environ) -> Display:
    """Return the display as set; dark by default, without colours where `NO_COLOR` is set."""
    theme = "dark" if settings.theme == AUTO else settings.theme
    return Display(theme=PLAIN if environ.get("NO_COLOR") else theme, ascii=bool(settings.ascii))
