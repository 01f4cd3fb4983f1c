"""Colours by role, for drawn lines and for Textual's own widgets."""

from typing import Final

from rich.style import Style
from textual.theme import Theme

_DARK: Final = {
    "text": "#d8dee9",
    "dim": "#8a93a0",
    "ok": "#6fdc8c",
    "warning": "#ffd75f",
    "critical": "bold #ff6b6b",
    "unknown": "#c4a7ff",
    "title": "bold #8ab4f8",
    "strong": "bold #ffffff",
    "struck": "strike #8a93a0",
    "cursor": "reverse #d8dee9",
    "banner": "bold reverse #ffd75f",
}
_LIGHT: Final = {
    "text": "#1c2128",
    "dim": "#5f6670",
    "ok": "#0a6b2f",
    "warning": "#8a5200",
    "critical": "bold #b00020",
    "unknown": "#5b2da0",
    "title": "bold #0b3d91",
    "strong": "bold #000000",
    "struck": "strike #5f6670",
    "cursor": "reverse #1c2128",
    "banner": "bold reverse #8a5200",
}
_BACKGROUND: Final = {"dark": "#11151a", "light": "#fbfbf9"}


def palette(name: str, project_colour: str = "") -> dict[str, Style]:
    """The style of each role in a theme; `project` is the project's own colour, if it is one."""
    colours = _DARK if name == "dark" else _LIGHT
    ground = _BACKGROUND[name]
    styles = {role: Style.parse(f"{colour} on {ground}") for role, colour in colours.items()}
    for state in ("ok", "warning", "critical", "unknown"):
        styles[f"state-{state}"] = Style.parse(f"bold reverse {colours[state].removeprefix('bold ')} on {ground}")
    try:
        styles["project"] = Style.parse(f"bold {project_colour or colours['title'].split()[-1]} on {ground}")
    except ValueError:
        styles["project"] = styles["title"]
    return styles


def themes() -> tuple[Theme, ...]:
    """The same colours for Textual's own widgets."""
    return tuple(
        Theme(
            name=f"watchdesk-{name}",
            dark=name == "dark",
            primary=colours["title"].split()[-1],
            success=colours["ok"],
            warning=colours["warning"],
            error=colours["critical"].split()[-1],
            foreground=colours["text"],
            background=_BACKGROUND[name],
            surface=_BACKGROUND[name],
            panel=_BACKGROUND[name],
        )
        for name, colours in (("dark", _DARK), ("light", _LIGHT))
    )
