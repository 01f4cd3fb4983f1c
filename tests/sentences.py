"""Every text of the product that a person may read, with its place: `python -m tests.sentences [WORDS]` prints them.

For reading them again in one go, and for whoever puts them into a second language. What a text is put together of
stands in braces: `{count} tasks pending`.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).parent.parent
PRODUCT: Final = ("core", "tui")

_NO_TEXT: Final = re.compile(
    r"^(?:SELECT|INSERT|UPDATE|DELETE|CREATE|ALTER|DROP|GRANT|SET|WITH|DO|BEGIN|COMMIT|FROM|WHERE|AND|ORDER|LEFT|JOIN)\b"
    r"|[{};]\s*$|^[.#][\w-]+ \{|^\s*<|::|^--\S*$|\\x1b|^[\w.*:>-]+(?:,[\w.*:>-]+)+$"
)
"""SQL, style sheets, markup, flags, lists of columns."""

_WORD: Final = re.compile(r"[A-Za-z]{2,}")


class Sentence(NamedTuple):
    """A text and where it stands."""

    text: str
    path: str
    line: int


def sentences() -> Iterator[Sentence]:
    """Yield every text of two words and more, file by file, in the order in which they stand there."""
    for package in PRODUCT:
        for path in sorted((ROOT / package).rglob("*.py")):
            tree = ast.parse(path.read_text("utf-8"))
            no_text = _documentation(tree)
            for node, text in _texts(tree, no_text):
                if len(_WORD.findall(text)) > 1 and " " in text.strip() and not _NO_TEXT.search(text):
                    yield Sentence(text.strip(), str(path.relative_to(ROOT)), node.lineno)


def _documentation(tree: ast.AST) -> set[int]:
    """Return the nodes that are docstrings, of a module, a class, a function or a name."""
    found = set[int]()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            found.add(id(node.value))
    return found


def _texts(node: ast.AST, no_text: set[int]) -> Iterator[tuple[ast.expr, str]]:
    """Yield the texts below a node, one that is put together as one."""
    if isinstance(node, ast.JoinedStr):
        parts = (
            one.value if isinstance(one, ast.Constant) else f"{{{ast.unparse(one.value)}}}"
            for one in node.values
            if isinstance(one, ast.Constant | ast.FormattedValue)
        )
        yield node, "".join(map(str, parts))
        for part in node.values:  # a text within braces is a text as well
            if isinstance(part, ast.FormattedValue):
                yield from _texts(part.value, no_text)
        return
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str) and id(node) not in no_text:
            yield node, node.value
        return
    for child in ast.iter_child_nodes(node):
        yield from _texts(child, no_text)


if __name__ == "__main__":
    wanted = [word.lower() for word in sys.argv[1:]]
    for one in sentences():
        if all(word in f"{one.text} {one.path}".lower() for word in wanted):
            print(f"{one.path}:{one.line}: {one.text}")
