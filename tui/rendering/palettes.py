"""The palettes of the themes: a colour for each role, and the blocks that have a background of their own.

Requirements, by WCAG 2.2, on ground and surface: 7:1 for text and 4.5:1 for everything else that is read; in `contrast`
7:1 for all. Plots need 3:1 (1.4.11) and are no brighter than they must; a rule stays behind what is read: 1.5:1 at
least, and less than muted text. Green, amber, red, grey and blue (ok, warning, critical, unknown, running) are said of
a state and of nothing else; headings, the cursor and plots have the accent. `colourblind` keeps the states apart for
every kind of colour vision.
"""

from typing import Final

import msgspec


class Colours(msgspec.Struct, frozen=True, kw_only=True):
    """The colours of one theme: `roles` on `ground`, and `blocks` that have a background of their own.

    `about`: what it is, in a few words. `surface`: what lies above the ground, as dialogs and the line of keys do.
    `native`: in the terminal's own colours, whatever they are. `least`: the least contrast ratio of text and blocks.
    """

    about: str
    ground: str
    surface: str
    roles: dict[str, str]
    blocks: dict[str, str]
    dark: bool = True
    native: bool = False
    least: float = 4.5


_DARK: Final = Colours(
    about="cool charcoal, lavender headings",
    ground="#12141a",
    surface="#1b1e27",
    roles={
        "text": "#d9dde6",
        "dim": "#9198a8",
        "rule": "#474d5e",
        "ok": "#6cd28f",
        "warning": "#f2c14e",
        "critical": "bold #ff7570",
        "unknown": "bold #c3c8d4",
        "running": "#67b7f7",
        "title": "bold #b8a9ff",
        "strong": "bold #ffffff",
        "struck": "strike #9198a8",
        "spark": "#6f68a8",
        "told": "#6d8894",
    },
    blocks={
        "cursor": "bold #ffffff on #473d8c",
        "banner": "bold #12141a on #f08bd0",
        "past": "bold #12141a on #4fd0c0",
    },
)
_WARM: Final = Colours(
    about="dark and warm, rose headings",
    ground="#1d1917",
    surface="#282320",
    roles={
        "text": "#e8dfd2",
        "dim": "#a89b8c",
        "rule": "#574c43",
        "ok": "#a9c46c",
        "warning": "#f5bd4f",
        "critical": "bold #ff7a66",
        "unknown": "bold #cfc6b8",
        "running": "#86bbe0",
        "title": "bold #e3a7c0",
        "strong": "bold #fffaf2",
        "struck": "strike #a89b8c",
        "spark": "#94697d",
        "told": "#858b76",
    },
    blocks={
        "cursor": "bold #ffffff on #7a3f5d",
        "banner": "bold #1d1917 on #ee8fd2",
        "past": "bold #1d1917 on #6cc9b4",
    },
)
_LIGHT: Final = Colours(
    about="dark on white, violet headings",
    ground="#fbfbf9",
    surface="#f4f3f0",
    dark=False,
    roles={
        "text": "#1c2128",
        "dim": "#5a616c",
        "rule": "#b9b8b2",
        "ok": "#0a6b2f",
        "warning": "#855000",
        "critical": "bold #b00020",
        "unknown": "bold #464d59",
        "running": "#0b5cad",
        "title": "bold #5b25b5",
        "strong": "bold #000000",
        "struck": "strike #5a616c",
        "spark": "#8277c6",
        "told": "#6a8490",
    },
    blocks={
        "cursor": "bold #ffffff on #4c35a0",
        "banner": "bold #ffffff on #8b0a6b",
        "past": "bold #ffffff on #0a6160",
    },
)
_CONTRAST: Final = Colours(
    about="black and bright: contrast 7:1 at least",
    ground="#000000",
    surface="#000000",
    least=7.0,
    roles={
        "text": "#ffffff",
        "dim": "#d0d0d0",
        "rule": "#9e9e9e",
        "ok": "#5fff87",
        "warning": "#ffff00",
        "critical": "bold #ff8787",
        "unknown": "bold #e4e4e4",
        "running": "#87d7ff",
        "title": "bold #d7afff",
        "strong": "bold #ffffff",
        "struck": "strike #d0d0d0",
        "spark": "#a890d8",
        "told": "#8fb0b8",
    },
    blocks={
        "cursor": "bold #000000 on #ffffff",
        "banner": "bold #000000 on #ff87ff",
        "past": "bold #000000 on #5fffd7",
    },
)
_COLOURBLIND: Final = Colours(
    about="blue fine, yellow look, vermilion act: for every kind of colour vision",
    ground="#0b0d12",
    surface="#161a22",
    roles={
        "text": "#e6e6e6",
        "dim": "#98a1ab",
        "rule": "#454b57",
        "ok": "#7cc8ff",
        "warning": "#fff27a",
        "critical": "bold #e2581c",
        "unknown": "bold #a8a8a8",
        "running": "#b95df5",
        "title": "bold #e6e6e6",
        "strong": "bold #ffffff",
        "struck": "strike #98a1ab",
        "spark": "#767f8a",
        "told": "#8a7f76",
    },
    blocks={
        "cursor": "bold #ffffff on #46506b",
        "banner": "bold #0b0d12 on #ff9bd0",
        "past": "bold #0b0d12 on #4fe3c1",
    },
)
# Each terminal has its own sixteen colours: these are readable in the palettes of the Linux console and of xterm, on
# their dark background. No faint text: the console shows it as dark grey on black.
_ANSI: Final = Colours(
    about="the terminal's own sixteen colours on black",
    ground="default",
    surface="default",
    native=True,
    roles={
        "text": "default",
        "dim": "cyan",
        "rule": "bright_black",
        "ok": "green",
        "warning": "bright_yellow",
        "critical": "bold bright_red",
        "unknown": "bright_magenta",
        "running": "bright_blue",
        "title": "bold bright_cyan",
        "strong": "bold bright_white",
        "struck": "strike cyan",
        "spark": "cyan",
        "told": "white",
    },
    # Not bold: there a console would brighten a black foreground to grey.
    blocks={
        "state-ok": "black on green",
        "state-warning": "black on yellow",
        "state-critical": "bright_white on red",
        "state-unknown": "bright_white on magenta",
        "cursor": "black on white",
        "focus": "black on cyan",
        "banner": "bright_white on magenta",
        "past": "black on cyan",
    },
)
_ANSI_LIGHT: Final = Colours(
    about="the terminal's own sixteen colours on white",
    ground="default",
    surface="default",
    dark=False,
    native=True,
    roles={
        "text": "default",
        "dim": "bright_black",
        "rule": "bright_black",
        "ok": "default",
        "warning": "magenta",
        "critical": "bold red",
        "unknown": "bold bright_black",
        "running": "blue",
        "title": "bold blue",
        "strong": "bold",
        "struck": "strike bright_black",
        "spark": "bright_black",
        "told": "default",
    },
    blocks={
        "state-ok": "black on green",
        "state-warning": "black on yellow",
        "state-critical": "bright_white on red",
        "state-unknown": "bright_white on magenta",
        "cursor": "bright_white on blue",
        "focus": "bright_white on blue",
        "banner": "bright_white on magenta",
        "past": "bright_white on blue",
    },
)
# Nor faint text here: some terminals leave less than half of the light.
_PLAIN: Final = Colours(
    about="no colours",
    ground="default",
    surface="default",
    native=True,
    roles={
        "text": "",
        "dim": "",
        "rule": "",
        "ok": "",
        "warning": "bold",
        "critical": "bold",
        "unknown": "",
        "running": "",
        "title": "bold",
        "strong": "bold",
        "struck": "strike",
        "spark": "",
        "told": "",
    },
    blocks={
        "state-ok": "bold",
        "state-warning": "bold reverse",
        "state-critical": "bold reverse underline",
        "state-unknown": "reverse",
        "cursor": "reverse",
        "focus": "bold reverse",
        "banner": "bold reverse underline",
        "past": "bold reverse",
        "project": "bold reverse",
    },
)

PLAIN: Final = "plain"
"""The theme without any colour, for `NO_COLOR`."""

PALETTES: Final = {
    "dark": _DARK,
    "warm": _WARM,
    "light": _LIGHT,
    "contrast": _CONTRAST,
    "colourblind": _COLOURBLIND,
    "ansi": _ANSI,
    "ansi-light": _ANSI_LIGHT,
    PLAIN: _PLAIN,
}

THEMES: Final = tuple(name for name in PALETTES if name != PLAIN)
"""The themes that an operator can choose; `plain` comes from `NO_COLOR` alone."""

AUTO: Final = "auto"
"""What the terminal can show."""

CHOICES: Final = (AUTO, *THEMES)
"""What the settings and `--theme` take."""
