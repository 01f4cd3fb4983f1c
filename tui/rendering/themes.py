"""Styles by role, for drawn lines and for Textual's own widgets. Colour is never the only sign of anything."""

from typing import Final

from rich.color import Color, ColorSystem
from rich.style import Style
from textual.theme import Theme

from core.base.colours import Rgb, rgb
from tui.rendering.palettes import PALETTES, PLAIN, Colours

STATES: Final = ("ok", "warning", "critical", "unknown")


def palette(name: str, project_colour: str = "") -> dict[str, Style]:
    """Return the style of each role in a theme.

    Besides those for text: `state-ok` and so on (the state word's block), `cursor` (a selected row), `focus` (the
    title of the focused panel), `banner` and `past` (lasting warnings), `spark` and `told` (plots: what was seen, what
    the tables tell), `rule` (lines between panels), `surface` (a background alone: of dialogs and the line of keys),
    and `project`: a block in the project's own colour, with readable text on it.
    """
    colours = PALETTES[name]
    ground = "" if name == PLAIN else f" on {colours.ground}"
    styles = {role: Style.parse(f"{colour}{ground}".strip()) for role, colour in colours.roles.items()}
    styles["project"] = styles["title"]
    styles["surface"] = Style() if colours.native else Style(bgcolor=colours.surface)
    blocks = colours.blocks if colours.native else {**_blocks(colours), **colours.blocks}
    styles |= {role: Style.parse(block) for role, block in blocks.items()}
    own = rgb(project_colour) if project_colour and name != PLAIN else None
    if own is not None:
        styles["project"] = Style.parse(_sixteen(own) if colours.native else _block(own, colours.least))
    return styles


def themes(project_colour: str = "") -> tuple[Theme, ...]:
    """Return the same colours as Textual themes; `$project` is the project's colour, to frame its actions."""
    return tuple(_theme(name, colours, project_colour) for name, colours in PALETTES.items())


def contrast(one: Rgb, other: Rgb) -> float:
    """Return the contrast ratio of WCAG 2.2, 1..21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: Rgb) -> float:
    linear = [part / 3294.6 if part <= 10 else ((part / 255 + 0.055) / 1.055) ** 2.4 for part in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _blocks(colours: Colours) -> dict[str, str]:
    """Return the blocks in the colours of their roles, with text in the theme's background colour."""
    grounds = {f"state-{state}": colours.roles[state] for state in STATES}
    grounds["focus"] = colours.roles["title"]
    return {role: f"bold {colours.ground} on {_colour(of)}" for role, of in grounds.items()}


def _block(colour: Rgb, least: float) -> str:
    """Return black or white on the project's colour, which is darkened or lightened until the contrast is `least`."""
    ink, away = (_BLACK, _WHITE) if contrast(colour, _BLACK) >= contrast(colour, _WHITE) else (_WHITE, _BLACK)
    ground = colour
    for tenth in range(1, 11):
        if contrast(ink, ground) >= least:
            break
        ground = _blend(colour, away, tenth / 10)
    return f"bold {_hex(ink)} on {_hex(ground)}"


def _blend(colour: Rgb, other: Rgb, share: float) -> Rgb:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(colour, other, strict=True))
    return red, green, blue


def _sixteen(colour: Rgb) -> str:
    """Return black or white on the nearest of the sixteen colours to the project's."""
    number = Color.from_rgb(*colour).downgrade(ColorSystem.STANDARD).number or 0
    # A console has eight grounds: the light half of the sixteen falls on the dark one.
    readable = "bright_white" if number % 8 in _DEEP else "black"
    return f"{readable} on color({number % 8})"


_BLACK: Final = (0, 0, 0)
_WHITE: Final = (255, 255, 255)
_DEEP: Final = {0, 1, 4, 5}
"""Black, red, blue and magenta: backgrounds that need white text."""


def _theme(name: str, colours: Colours, project_colour: str) -> Theme:
    roles = {role: _textuals(_colour(colour)) for role, colour in colours.roles.items()}
    ground, surface = _textuals(colours.ground), _textuals(colours.surface)
    own = rgb(project_colour) if project_colour else None
    # Without colours the net makes a cursor of any ground that is not the screen's.
    cursor = palette("ansi" if name == PLAIN else name)["cursor"]
    return Theme(
        name=f"watchdesk-{name}",
        dark=colours.dark,
        ansi=colours.native,
        primary=roles["title"],
        secondary=roles["title"],
        accent=roles["title"],
        success=roles["ok"],
        warning=roles["warning"],
        error=roles["critical"],
        foreground=roles["text"],
        background=ground,
        surface=surface,
        panel=surface,
        text_alpha=1.0,
        variables={
            "project": _frame(own, colours) or roles["title"],
            "past": _textuals(_ground(colours.blocks["past"])),
            "dim": roles["dim"],
            "rule": roles["rule"],
            "text-muted": roles["dim"],
            "text-disabled": roles["dim"],
            "foreground-muted": roles["dim"],
            "foreground-disabled": roles["dim"],
            "border": roles["title"],
            "border-blurred": roles["dim"],
            "block-cursor-foreground": _textuals(cursor.color.name if cursor.color else "default"),
            "block-cursor-background": _textuals(cursor.bgcolor.name if cursor.bgcolor else "default"),
            "block-cursor-text-style": "not bold" if colours.native else "bold",
            "block-cursor-blurred-foreground": _textuals(cursor.color.name if cursor.color else "default"),
            "block-cursor-blurred-background": _textuals(cursor.bgcolor.name if cursor.bgcolor else "default"),
            "block-cursor-blurred-text-style": "not bold" if colours.native else "bold",
            "button-color-foreground": ground,
            "ansi-background": ground,
            "ansi-foreground": roles["text"],
            "scrollbar": roles["rule"],
            "scrollbar-hover": roles["title"],
            "scrollbar-active": roles["title"],
        },
    )


def _frame(own: Rgb | None, colours: Colours) -> str:
    """Return the project's colour if a thin line of it is visible on the background (WCAG 1.4.11: 3:1), else empty."""
    ground = rgb(colours.ground)
    if own is None or ground is None or contrast(own, ground) < 3:
        return ""
    return _hex(own)


def _colour(style: str) -> str:
    """Return the colour in a role's style; `default` where it has none."""
    found = Style.parse(style).color
    return "default" if found is None else found.name


def _ground(style: str) -> str:
    """Return the background of a block; `default` where it has none of its own."""
    found = Style.parse(style).bgcolor
    return "default" if found is None else found.name


def _textuals(colour: str) -> str:
    return colour if colour.startswith("#") else f"ansi_{colour}"


def _hex(colour: Rgb) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
