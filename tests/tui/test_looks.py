"""How it looks: readable in every theme, and the real program in sixteen colours, in none, in ASCII, on no terminal."""

import itertools
import os
import re
from pathlib import Path

import pytest
from rich.color import Color, ColorSystem
from rich.style import Style

from core.backend.target import read_target
from core.base.colours import Rgb, rgb
from core.base.settings import Layers, SettingsError
from tests.running import ONE_SHAPE, Command, Running
from tests.tui.drawn import app_on, front, read_it, run, settled
from tests.tui.pictures import WARNING
from tests.tui.terminal import Terminal
from tui.base.settings import Display, ScreenSettings, display_for, read_screen
from tui.rendering.palettes import PALETTES, PLAIN, THEMES
from tui.rendering.themes import STATES, contrast, palette, themes
from tui.terminal.sequences import CUT

PAINTED = [name for name in THEMES if not PALETTES[name].native]
NATIVE = [name for name in THEMES if PALETTES[name].native]

CONSOLE = (
    "000",
    "a00",
    "0a0",
    "a50",
    "00a",
    "a0a",
    "0aa",
    "aaa",
    "555",
    "f55",
    "5f5",
    "ff5",
    "55f",
    "f5f",
    "5ff",
    "fff",
)
XTERM = ("000", "cd0000", "00cd00", "cdcd00", "0000ee", "cd00cd", "00cdcd", "e5e5e5",
         "7f7f7f", "f00", "0f0", "ff0", "5c5cff", "f0f", "0ff", "fff")  # fmt: skip

LACKS = {
    "nothing": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.01182, 0.04294, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.3039)),
}
"""Machado, Oliveira and Fernandes 2009, severity 1.0: what an eye without one kind of cone makes of linear RGB."""


def shown(style: Style, colours: tuple[str, ...] | None = None, ground: Rgb | None = None) -> tuple[Rgb, Rgb]:
    """Ink and ground of a style; by number from `colours`, else as they are."""

    def of(colour: Color | None, default: Rgb | None) -> Rgb:
        if colour is None or colour.is_default:
            assert default is not None
            return default
        if colours is not None:
            assert colour.number is not None
            return rgb(f"#{colours[colour.number]}") or (0, 0, 0)
        return tuple(colour.get_truecolor())  # type: ignore[return-value]  # a triplet

    ink = None if ground is None else (0, 0, 0) if sum(ground) > 382 else rgb(f"#{(colours or CONSOLE)[7]}")
    found = of(style.color, ink), of(style.bgcolor, ground)
    return (found[1], found[0]) if style.reverse else found


DRAWN = {"spark", "told"}
"""Roles of plots: graphics, not text."""


@pytest.mark.parametrize("name", PAINTED)
def test_every_role_is_readable_on_its_ground_and_on_the_surface(name: str) -> None:
    styles = palette(name, "orangered")
    raised = styles.pop("surface")
    for (role, style), colours in itertools.product(styles.items(), ("truecolor", "256")):
        grounds = [style, style + raised] if style.bgcolor == styles["text"].bgcolor else [style]
        for one in grounds:
            ratio = contrast(*shown(one if colours == "truecolor" else in_256(one)))
            if role == "rule":
                assert 1.5 <= ratio < contrast(*shown(styles["dim"])), colours
            elif role in DRAWN:
                # Plots stand on the ground. In 256 colours the nearest is taken.
                assert one is not style or ratio >= (7 if name == "contrast" else 3), (role, colours)
            elif role == "cursor":
                assert ratio >= (7 if colours == "truecolor" else 4.5), colours
            else:
                assert ratio >= (7 if role in {"text", "strong"} or name == "contrast" else 4.5), (role, colours)


@pytest.mark.parametrize("name", PAINTED)
def test_the_cursor_is_seen_on_the_ground_and_no_state_has_its_colours(name: str) -> None:
    styles = palette(name)
    (ink, ground), behind = shown(styles["cursor"]), shown(styles["text"])[1]
    assert contrast(ground, behind) >= 2
    assert contrast(ground, shown(styles["text"] + styles["surface"])[1]) >= 1.8
    assert styles["cursor"].bold
    assert all(shown(styles[f"state-{state}"]) != (ink, ground) for state in STATES)


@pytest.mark.parametrize("name", THEMES)
def test_a_status_has_its_colour_for_itself(name: str) -> None:
    """Without their signs no two look the same, and nothing that is no status looks like one."""
    styles = palette(name)
    inks = {role: styles[role].color for role in (*STATES, "running")}
    assert len(set(inks.values())) == len(inks)
    others = {styles[role].color for role in ("title", "spark", "told", "rule")}
    alarming = {inks[role] for role in ("warning", "critical", "ok" if not PALETTES[name].native else "warning")}
    assert not alarming & others


TOUR = {
    "dashboard": (),
    "list": ("t", "down"),
    "dialog": ("h", "tab", "tab"),
    "stop": ("ctrl+e", "tab", "s"),
    "choice": ("t", "M"),
    "help": ("question_mark",),
    "prompt": ("colon", *"tasks x"),
    "menu": ("ctrl+p", *"theme"),
}


@pytest.mark.parametrize("name", PAINTED)
async def test_everything_that_is_drawn_is_readable(name: str) -> None:
    """Every pair of colours that text is drawn in, the toolkit's own widgets too; not what lies behind a dialog."""
    seen = set[tuple[Rgb, Rgb]]()
    for place, keys in TOUR.items():
        app = app_on(WARNING, theme=name)
        async with run(app, (140, 40)) as pilot:
            await settled(pilot)
            for key in keys:
                read_it(app)
                await pilot.press(key)
            app.tell("noted")
            await settled(pilot)
            for text, style in front(app):
                if not any(char.isalnum() for char in text) or style == app.appearance.styles["spark"]:
                    continue
                pair = shown(style)
                seen.add(pair)
                assert contrast(*pair) >= (7 if name == "contrast" else 4.5), (place, text, str(style))
    assert len(seen) >= 12


def in_256(style: Style) -> Style:
    assert style.color is not None
    assert style.bgcolor is not None
    return Style(
        color=style.color.downgrade(ColorSystem.EIGHT_BIT), bgcolor=style.bgcolor.downgrade(ColorSystem.EIGHT_BIT)
    )


@pytest.mark.parametrize("colours", [CONSOLE, XTERM], ids=["console", "xterm"])
@pytest.mark.parametrize("name", NATIVE)
def test_sixteen_colours_are_readable_on_a_console_and_on_xterm(name: str, colours: tuple[str, ...]) -> None:
    ground = (0, 0, 0) if PALETTES[name].dark else (255, 255, 255)
    for role, style in palette(name, "steelblue").items():
        ratio = contrast(*shown(style, colours, ground))
        assert ratio >= (7 if role == "text" else 2.5 if role == "rule" else 3.9), (role, ratio)
        assert not style.dim


def test_without_colours_nothing_is_faint_and_what_matters_stands_out() -> None:
    styles = palette(PLAIN, "red")
    assert not any(style.dim or style.color or style.bgcolor for style in styles.values())
    blocks = ("state-warning", "state-critical", "state-unknown", "cursor", "focus", "banner", "project")
    assert all(styles[role].reverse for role in blocks)
    assert all(styles[role].bold for role in ("strong", "title", "warning", "critical", "state-ok"))
    assert styles["struck"].strike


def lab(colour: Rgb, lack: str) -> tuple[float, float, float]:
    """CIE L*a*b* of a colour as it is seen."""
    linear = [part / 255 / 12.92 if part <= 10 else ((part / 255 + 0.055) / 1.055) ** 2.4 for part in colour]
    r, g, b = (min(1.0, max(0.0, sum(m * v for m, v in zip(row, linear, strict=True)))) for row in LACKS[lack])
    x, y, z = (
        (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505,
        0.2126 * r + 0.7152 * g + 0.0722 * b,
        (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089,
    )
    fx, fy, fz = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


@pytest.mark.parametrize("lack", LACKS)
def test_the_colourblind_theme_keeps_the_states_apart_by_hue_and_by_lightness(lack: str) -> None:
    styles = palette("colourblind")
    seen = {role: lab(shown(styles[role])[0], lack) for role in (*STATES, "running")}
    for one, other in itertools.combinations(seen, 2):
        lightness = abs(seen[one][0] - seen[other][0])
        apart = sum((a - b) ** 2 for a, b in zip(seen[one], seen[other], strict=True)) ** 0.5
        assert apart >= 25, (one, other)
        assert lightness >= 10 or {"unknown", "running"} & {one, other}, (one, other)


@pytest.mark.parametrize("name", [*THEMES, PLAIN])
def test_every_theme_has_every_role_and_every_variable(name: str) -> None:
    assert set(palette(name, "red")) == set(palette("dark"))
    theme = next(one for one in themes("red") if one.name == f"watchdesk-{name}")
    assert set(theme.variables) == set(themes()[0].variables)
    theme.to_color_system().generate()


@pytest.mark.parametrize("colour", ["black", "white", "yellow", "navy", "#808080", "orangered", "dark_orange3", "#f0f"])
def test_a_projects_colour_is_a_block_with_readable_words_in_every_theme(colour: str) -> None:
    for name in PAINTED:
        style = palette(name, colour)["project"]
        assert contrast(*shown(style)) >= (7 if name == "contrast" else 4.5)
        assert style.bgcolor is not None
        assert name == "contrast" or tuple(style.bgcolor.get_truecolor()) == rgb(colour)
    for name, colours in itertools.product(NATIVE, (CONSOLE, XTERM)):
        assert contrast(*shown(palette(name, colour)["project"], colours)) >= 3.9
    assert palette(PLAIN, colour)["project"] == Style.parse("bold reverse")


def test_a_wrong_project_colour_is_one_sentence() -> None:
    file = {"projects": {"prod": {"url": "https://x.supabase.co", "key": "sb_secret_x", "colour": "orangy"}}}
    with pytest.raises(SettingsError, match=r"colour of project 'prod' is 'orangy', which is not a colour"):
        read_target(Layers(file=file))
    env = {"SUPABASE_URL": "https://x.supabase.co", "SUPABASE_KEY": "sb_secret_x", "WATCHDESK_PROJECT_COLOUR": "#12"}
    with pytest.raises(SettingsError, match="WATCHDESK_PROJECT_COLOUR is '#12'"):
        read_target(Layers(named=(env,)))
    assert read_target(Layers(named=(env | {"WATCHDESK_PROJECT_COLOUR": "Teal"},))).colour == "Teal"


def test_the_terminal_decides_unless_somebody_does() -> None:
    def theme(chosen: str = "auto", encoding: str = "utf-8", **environ: str) -> tuple[str, bool]:
        found = display_for(ScreenSettings(theme=chosen), encoding, {"TERM": "xterm-256color"} | environ)
        return found.theme, found.ascii

    assert theme() == ("dark", False)
    assert theme(COLORFGBG="0;15") == ("light", False)
    assert theme(COLORFGBG="15;default;0") == ("dark", False)
    assert theme(TERM="linux") == ("ansi", False)
    assert theme(TERM="linux", COLORFGBG="0;7") == ("ansi-light", False)
    assert theme(TERM="linux", COLORTERM="truecolor") == ("dark", False)
    assert theme("contrast", TERM="linux") == ("ansi", False)
    assert theme("contrast", TERM="linux", COLORFGBG="0;15") == ("ansi-light", False)
    assert theme("ansi-light", TERM="linux") == ("ansi-light", False)
    assert theme("plain", TERM="linux") == ("plain", False)
    assert theme("contrast", TERM="linux", COLORTERM="truecolor") == ("contrast", False)
    assert theme("contrast", NO_COLOR="1") == ("plain", False)
    assert theme(NO_COLOR="") == ("dark", False)
    assert theme(encoding="ANSI_X3.4-1968") == ("dark", True)
    assert display_for(ScreenSettings(ascii=False), "latin-1", {"TERM": "xterm"}).ascii is False


def test_a_theme_that_needs_more_colours_than_there_are_is_shown_if_the_command_names_it() -> None:
    few = {"TERM": "linux"}
    found = display_for(ScreenSettings(theme="dark"), "utf-8", few)
    assert found.instead == (
        "theme dark needs more than the 16 colours of this terminal: ansi is shown; --theme dark forces it"
    )
    assert display_for(ScreenSettings(theme="dark"), "utf-8", few, forced=True) == Display(theme="dark", ascii=False)
    for theme in ("auto", "ansi", "plain"):
        assert not display_for(ScreenSettings(theme=theme), "utf-8", few).instead


@ONE_SHAPE
def test_on_a_real_terminal_of_sixteen_colours_it_says_so_and_uses_no_other(sandbox: Running, command: Command) -> None:
    terminal = Terminal(command, sandbox, TERM="linux", COLORTERM="", WATCHDESK_SCREEN_THEME="contrast", size=(140, 40))
    try:
        terminal.await_text("theme contrast needs more than the 16")
        assert colours(bytes(terminal.raw)) <= {"16"}
        os.write(terminal.master, b"q")
    finally:
        terminal.dispose()


def test_a_theme_comes_from_the_file_the_environment_or_the_command(command: Command, tmp_path: Path) -> None:
    place = tmp_path / "config" / "watchdesk"
    place.mkdir(parents=True)
    (place / "config.toml").write_text('[screen]\ntheme = "light"\nascii = true\nmouse = false\n')
    layers = Layers(file={"screen": {"theme": "light", "ascii": True, "mouse": False}})
    assert read_screen(layers) == ScreenSettings(theme="light", ascii=True, mouse=False)
    env = {"WATCHDESK_SCREEN_THEME": "contrast", "WATCHDESK_SCREEN_ASCII": "false"}
    assert read_screen(Layers(file=layers.file, named=(env,))) == ScreenSettings(
        theme="contrast", ascii=False, mouse=False
    )
    told = command(SUPABASE_URL="http://127.0.0.1:9", SUPABASE_KEY="sb_secret_x", WATCHDESK_SCREEN_THEME="solarized")
    assert told.returncode == 2
    assert "WATCHDESK_SCREEN_THEME: there is no theme 'solarized'; choose one of auto, dark" in told.stderr
    assert len(told.stderr.splitlines()) == 1
    told = command("--theme", "solarized")
    assert told.returncode == 2
    assert "solarized" in told.stderr


# The real program, byte by byte

ESCAPE = b"\x1b[27u"


def colours(raw: bytes) -> set[str]:
    """Every colour in a stream: as `16`, as `256`, or as `rgb`."""
    found: set[str] = set()
    for sequence in re.findall(rb"\x1b\[([0-9;:]*)m", raw):
        codes = [int(code or 0) for code in re.split(rb"[;:]", sequence)]
        while codes:
            code = codes.pop(0)
            if code in {38, 48, 58}:
                found.add("256" if codes[0] == 5 else "rgb")
                del codes[: 2 if codes[0] == 5 else 4]
            elif code in {*range(30, 38), *range(40, 48), *range(90, 98), *range(100, 108)}:
                found.add("16")
    return found


def tour(
    command: Command, sandbox: Running, *args: str, most: int = 9, **env: str
) -> tuple[Terminal, dict[str, list[str]]]:
    """The dashboard and what can lie over it, and what of each stands in reverse."""
    sandbox.stuck(2)
    sandbox.sql("UPDATE autonomous_tasks SET description = '– Ünïcode: ≥ 3 × “naïve” → 東京 ☃ 🦀 –'")
    terminal = Terminal(command, sandbox, *args, size=(140, 40), **env)
    terminal.await_text("STUCK")
    reverse: dict[str, list[str]] = {}
    for name, keys, word in (
        ("tasks", b"t", "follows"),
        ("toast", b"w", "was restarted"),
        ("list", b"r", "Which breaker?"),
        ("stop", b"\x05", "Cancel"),
        ("palette", b"\x10", "Search for commands"),
        ("help", b"?", "escape closes"),
        ("frozen", b" ", "FROZEN"),
    )[:most]:
        os.write(terminal.master, keys)
        terminal.await_text(word)
        if name == "palette":
            os.write(terminal.master, b"heal")
            terminal.await_text("shows the plan")
        terminal.settle()
        reverse[name] = reversed_on(terminal)
        if name != "toast":
            os.write(terminal.master, ESCAPE)
            terminal.await_gone(word) if name != "frozen" else terminal.settle()
    terminal.process.terminate()
    assert terminal.ended() == 0
    return terminal, reverse


def reversed_on(terminal: Terminal) -> list[str]:
    """The pieces of text that stand in reverse, from top to bottom."""
    pieces: list[str] = []
    for y in range(terminal.screen.lines):
        row = terminal.screen.buffer[y]
        cells = [(row[x].data, row[x].reverse) for x in range(terminal.screen.columns)]
        for marked, piece in itertools.groupby(cells, key=lambda cell: cell[1]):
            if marked:
                pieces.append("".join(char for char, _ in piece).strip())
    return pieces


@ONE_SHAPE
def test_no_color_sends_no_colour_and_shows_focus_and_selection_all_the_same(
    sandbox: Running, command: Command
) -> None:
    terminal, reverse = tour(command, sandbox, NO_COLOR="1", COLORTERM="truecolor", WATCHDESK_PROJECT_COLOUR="red")
    assert colours(terminal.raw) == set()
    assert any("WARNING" in piece for piece in reverse["toast"])  # the state's word
    assert "127.0.0.1" in "".join(reverse["toast"])  # and the project's name
    assert "Cancel" in reverse["list"]
    assert "Cancel" in reverse["stop"]
    assert any(piece.startswith("Heal") for piece in reverse["palette"])
    assert any("Ünïcode" in piece for piece in reverse["tasks"])
    assert any("FROZEN" in piece for piece in reverse["frozen"])


@ONE_SHAPE
def test_an_empty_no_color_is_none(sandbox: Running, command: Command) -> None:
    terminal = Terminal(command, sandbox, NO_COLOR="", COLORTERM="truecolor")
    terminal.await_text("LIVE")
    terminal.process.terminate()
    terminal.ended()
    assert colours(terminal.raw) == {"rgb"}


@ONE_SHAPE
def test_a_console_of_sixteen_colours_gets_no_others(sandbox: Running, command: Command) -> None:
    terminal, _ = tour(command, sandbox, TERM="linux", WATCHDESK_PROJECT_COLOUR="#c06010")
    assert colours(terminal.raw) == {"16"}


def assert_ascii(raw: bytes) -> None:
    """Nothing but ASCII was drawn."""
    cut = rb"(\x1b[^\x1b\x18]*)?" + re.escape(CUT.encode())  # it ends a sequence that a busy end left half
    drawn = re.sub(cut, b"", raw)
    drawn = re.sub(rb"\x1b\[[0-9;?<>=$]*[A-Za-z]|\x1b\]22;[a-z]+\x07", b"", drawn)
    assert {byte for byte in drawn if not 0x20 <= byte <= 0x7E} <= set(b"\r\n")
    assert b'- Unicode: > 3 x "naive" > ???? ? ?? -' in drawn


@ONE_SHAPE
def test_a_terminal_of_256_colours_gets_no_others_and_one_asked_for_ascii_nothing_else(
    sandbox: Running, command: Command
) -> None:
    terminal, _ = tour(command, sandbox, "--ascii", WATCHDESK_PROJECT_COLOUR="#c06010")
    assert colours(terminal.raw) == {"256"}
    assert_ascii(terminal.raw)


@ONE_SHAPE
def test_a_locale_without_more_gets_nothing_but_ascii(sandbox: Running, command: Command) -> None:
    terminal, _ = tour(command, sandbox, most=1, LANG="C", LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    assert_ascii(terminal.raw)


@ONE_SHAPE
def test_a_command_spells_what_the_encoding_lacks(sandbox: Running, command: Command) -> None:
    told = command("status", sandbox=sandbox, PYTHONIOENCODING="latin-1")
    assert told.returncode == 0, told.stderr
    assert "success 24 h: -" in told.stdout


@ONE_SHAPE  # without a kind of terminal: `test_variables`
def test_a_terminal_that_cannot_draw_gets_one_plain_status(sandbox: Running, command: Command) -> None:
    terminal = Terminal(command, sandbox, size=(140, 40), TERM="dumb")
    assert terminal.ended() == 0
    assert b"\x1b" not in terminal.raw
    assert "OK" in "\n".join(terminal.screen.display)
