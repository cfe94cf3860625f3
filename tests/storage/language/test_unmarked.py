"""No text that a person sees is left out of the catalogues: a text of two words is marked or listed here."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.texts import KEYWORDS, ROOT, STORED_KEYWORDS

MARKS = ("_", "mark", "ngettext", "pgettext", "translated")
_WORDS = re.compile(r"[A-Za-z]{2,}\W* [a-zA-Z{]|… [a-z]{2,}")
_SQL = re.compile(r"\b(SELECT|UPDATE|INSERT|DELETE|WHERE|FROM|PRAGMA|ORDER BY|AND)\b")

# What is the same in every language, and why.
ALLOWED = {
    r"saludo .*|.*saludo import.*|saludo: …": "what is typed, and the program's own name before a message",
    r"(?s)\n_saludo.*|\nfunction __saludo.*": "completion scripts",
    r"(Home|End|PgUp|PgDn) \S+": "names of keys",
    r"(open drill|Dropdown, Panel|StartRow \||tuple\[).*": "names of actions, widgets and types",
    r"tmux set .*": "a command of tmux",
}


def unmarked(path: Path) -> Iterator[str]:
    """The texts of two words or more in a module that are neither marked nor a docstring; "…" is what is put in."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = list(ast.walk(tree))
    passed = {id(node) for node in nodes if isinstance(node, ast.Expr)}
    for node in nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MARKS:
            passed.update(id(inner) for argument in node.args for inner in ast.walk(argument))
        elif isinstance(node, ast.Expr):
            passed.add(id(node.value))
        elif isinstance(node, ast.JoinedStr):
            passed.update(id(part) for part in node.values)
    for node in nodes:
        if id(node) in passed:
            continue
        if isinstance(node, ast.JoinedStr):
            text = "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
        else:
            continue
        if _WORDS.search(text) and not _SQL.search(text):
            yield text


def test_every_text_of_the_screen_and_the_commands_is_marked() -> None:
    found = {
        f"{path.relative_to(ROOT)}: {text}"
        for path in (ROOT / "tui").rglob("*.py")
        for text in unmarked(path)
        if not any(re.fullmatch(pattern, text) for pattern in ALLOWED)
    }
    assert found == set(), "mark them with `_`, or say in ALLOWED why they are the same in every language"


def test_what_is_allowed_is_still_there() -> None:
    texts = [text for path in (ROOT / "tui").rglob("*.py") for text in unmarked(path)]
    assert [pattern for pattern in ALLOWED if not any(re.fullmatch(pattern, text) for text in texts)] == []


def test_every_error_of_storage_is_marked() -> None:
    found = []
    for path in (ROOT / "storage").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and isinstance(node.exc.func, ast.Name):
                error, arguments = node.exc.func.id, node.exc.args
                text = arguments[0] if arguments else None
                is_text = isinstance(text, ast.JoinedStr) or (
                    isinstance(text, ast.Constant) and isinstance(text.value, str)
                )
                if error.endswith("Error") and error not in INTERNAL and is_text and _has_words(text):
                    found.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert found == []


# Raised where this program is wrong, or only seen by its code.
INTERNAL = ("CatalogueError", "ValueError", "TypeError", "KeyError", "EOFError", "AssertionError", "RuntimeError")


def _has_words(node: ast.expr | None) -> bool:
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    return any(isinstance(part, ast.Constant) and re.search(r"[a-z]{3}", str(part.value)) for part in parts)


def test_no_text_is_marked_within_an_f_string() -> None:
    """Before Python 3.12, what extracts the texts sees no calls there, and the text would stay English."""
    marks = {*KEYWORDS, *STORED_KEYWORDS}
    found = {
        f"{path.relative_to(ROOT)}:{call.lineno}"
        for package in ("tui", "storage", "fixtures")
        for path in (ROOT / package).rglob("*.py")
        for text in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(text, ast.JoinedStr)
        for call in ast.walk(text)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in marks
    }
    assert found == set(), "put the text into a variable first"
