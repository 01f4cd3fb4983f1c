"""How it looks in a browser, which has every colour and every sign, whatever the server's own terminal has."""

import os
from collections.abc import Mapping

from tui.app.settings import AUTO, Display, ScreenSettings
from tui.rendering.palettes import PLAIN


def browser_display(settings: ScreenSettings, environ: Mapping[str, str] = os.environ) -> Display:
    """As set; dark where nothing is, without colours where `NO_COLOR` is set."""
    theme = "dark" if settings.theme == AUTO else settings.theme
    return Display(theme=PLAIN if environ.get("NO_COLOR") else theme, ascii=bool(settings.ascii))
