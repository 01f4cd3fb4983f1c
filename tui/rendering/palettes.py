"""The palettes of the themes: a colour for each role, and the blocks that have a background of their own.

Requirements: WCAG 2.2 contrast on their own background, 7:1 for text and 4.5:1 for everything else; in `contrast` 7:1
for all; `colourblind` keeps ok, warning and critical apart by hue and lightness for every kind of colour vision.
"""

from typing import Final

import msgspec


class Colours(msgspec.Struct, frozen=True, kw_only=True):
    """The colours of one theme: `roles` on `ground`, and `blocks` that have a background of their own.

    `native`: in the terminal's own colours, whatever they are. `least`: the least contrast ratio of a block.
    """

    ground: str
    roles: dict[str, str]
    blocks: dict[str, str]
    dark: bool = True
    native: bool = False
    least: float = 4.5


_DARK: Final = Colours(
    ground="#11151a",
    roles={
        "text": "#d8dee9",
        "dim": "#8a93a0",
        "ok": "#6fdc8c",
        "warning": "#ffd75f",
        "critical": "bold #ff6b6b",
        "unknown": "#c4a7ff",
        "title": "bold #8ab4f8",
        "strong": "bold #ffffff",
        "struck": "strike #8a93a0",
        "spark": "#6f8fc4",
    },
    blocks={"banner": "bold #11151a on #ff8ad8", "past": "bold #11151a on #ff9e4a"},
)
_LIGHT: Final = Colours(
    ground="#fbfbf9",
    dark=False,
    roles={
        "text": "#1c2128",
        "dim": "#5f6670",
        "ok": "#0a6b2f",
        "warning": "#8a5200",
        "critical": "bold #b00020",
        "unknown": "#5b2da0",
        "title": "bold #0b3d91",
        "strong": "bold #000000",
        "struck": "strike #5f6670",
        "spark": "#41619f",
    },
    blocks={"banner": "bold #ffffff on #8b0a6b", "past": "bold #ffffff on #9a3412"},
)
_CONTRAST: Final = Colours(
    ground="#000000",
    least=7.0,
    roles={
        "text": "#ffffff",
        "dim": "#d0d0d0",
        "ok": "#5fff87",
        "warning": "#ffff00",
        "critical": "bold #ff8787",
        "unknown": "#d7afff",
        "title": "bold #87d7ff",
        "strong": "bold #ffffff",
        "struck": "strike #d0d0d0",
        "spark": "#87d7ff",
    },
    blocks={"banner": "bold #000000 on #ff87ff", "past": "bold #000000 on #ffaf5f"},
)
_COLOURBLIND: Final = Colours(
    ground="#0b0d12",
    roles={
        "text": "#e6e6e6",
        "dim": "#98a1ab",
        "ok": "#7cc8ff",
        "warning": "#fff27a",
        "critical": "bold #e2581c",
        "unknown": "bold #a8a8a8",
        "title": "bold #e6e6e6",
        "strong": "bold #ffffff",
        "struck": "strike #98a1ab",
        "spark": "#6f9cbd",
    },
    blocks={"banner": "bold #0b0d12 on #ff9bd0", "past": "bold #0b0d12 on #4fe3c1"},
)
# Each terminal has its own sixteen colours: these are readable in the palettes of the Linux console and of xterm, on
# their dark background. No faint text: the console shows it as dark grey on black.
_ANSI: Final = Colours(
    ground="default",
    native=True,
    roles={
        "text": "default",
        "dim": "cyan",
        "ok": "green",
        "warning": "bright_yellow",
        "critical": "bold bright_red",
        "unknown": "bright_magenta",
        "title": "bold bright_cyan",
        "strong": "bold bright_white",
        "struck": "strike cyan",
        "spark": "bright_cyan",
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
    ground="default",
    dark=False,
    native=True,
    roles={
        "text": "default",
        "dim": "blue",
        "ok": "default",
        "warning": "magenta",
        "critical": "bold red",
        "unknown": "blue",
        "title": "bold blue",
        "strong": "bold",
        "struck": "strike blue",
        "spark": "blue",
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
    ground="default",
    native=True,
    roles={
        "text": "",
        "dim": "",
        "ok": "",
        "warning": "bold",
        "critical": "bold",
        "unknown": "",
        "title": "bold",
        "strong": "bold",
        "struck": "strike",
        "spark": "",
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
    "light": _LIGHT,
    "contrast": _CONTRAST,
    "colourblind": _COLOURBLIND,
    "ansi": _ANSI,
    "ansi-light": _ANSI_LIGHT,
    PLAIN: _PLAIN,
}

THEMES: Final = tuple(name for name in PALETTES if name != PLAIN)
"""The themes that an operator can choose; `plain` comes from `NO_COLOR` alone."""
