"""The changes that are tried: mutmut makes them of each function, and those that say nothing are left out."""

from __future__ import annotations

import ast
import difflib
import hashlib
import importlib
import pickle
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType
from typing import Any

from mutmut.mutation.file_mutation import mutate_file_contents

PACKAGES = ("storage/messages", "storage/cube")
# Kinds that are left out; docs/mutants.md gives the reasons.
LETTERS = "letters of a text"
WORDING = "text of an error"
STRICT = "strict= of zip"
TYPES = "type given to cast"

_MADE_NAME = re.compile(r"x_?(?:ǁ\w+ǁ)?(\w+?)__mutmut_\w+")  # as mutmut names a changed function
_Function = ast.FunctionDef


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a function.

    module: its name with dots. function: with its class before a dot. number: of the change in the function. before,
    after: the source of the function. lines: of the changed statement in the file. left_out: the kind of a change that
    says nothing; None if it is to be tried.
    """

    module: str
    function: str
    number: int
    before: str
    after: str
    lines: range
    left_out: str | None

    @property
    def name(self) -> str:
        return f"{self.module.removeprefix('storage.')}.{self.function}.{self.number}"

    @property
    def digest(self) -> str:
        """Tells whether a result is of this change, or of one before the function was edited."""
        return hashlib.sha256(f"{self.before}\n{self.after}".encode()).hexdigest()[:12]

    def difference(self) -> str:
        """The change, as lines with - and +."""
        before, after = (_MADE_NAME.sub(r"\1", textwrap.dedent(one)).splitlines() for one in (self.before, self.after))
        lines = list(difflib.unified_diff(before, after, n=0, lineterm=""))[2:]
        return "\n".join(line for line in lines if not line.startswith("@@"))

    def apply(self) -> None:
        """Changes the function in this process, for all who have imported it."""
        names = self.function.split(".")
        tree = _tree(self.after)
        tree.name = names[-1]
        body: list[ast.stmt] = [tree]
        if len(names) > 1:
            body = [ast.ClassDef(names[0], [], [], body, [])]
        module = importlib.import_module(self.module)
        namespace = dict(vars(module))
        exec(compile(ast.fix_missing_locations(ast.Module(body, [])), str(module.__file__), "exec"), namespace)
        new = plain_function(namespace, names)
        function = plain_function(vars(module), names)
        function.__code__ = new.__code__
        function.__defaults__, function.__kwdefaults__ = new.__defaults__, new.__kwdefaults__

    def import_again(self) -> None:
        """Runs the changed module again in place, for what is computed on import by the function."""
        module = importlib.import_module(self.module)
        path = Path(str(module.__file__))
        source = path.read_text()
        place = dict(_functions(ast.parse(source)))[self.function]
        lines = source.splitlines()
        lines[place.lineno - 1 : place.end_lineno] = [_MADE_NAME.sub(r"\1", self.after)]
        exec(compile("\n".join(lines), str(path), "exec"), vars(module))


def plain_function(namespace: Any, names: list[str]) -> FunctionType:
    """A function or method without its decorators."""
    for name in names:
        found = namespace[name]
        namespace = getattr(found, "__dict__", {})
    while not isinstance(found, FunctionType) or hasattr(found, "__wrapped__"):
        found = found.fget if isinstance(found, property) else found.__wrapped__
    return found


def all_changes(kept: Path) -> list[Change]:
    """All changes of the packages; those of a file are kept in a directory, because to make them takes long."""
    found: list[Change] = []
    for path in (path for package in PACKAGES for path in sorted(Path(package).glob("*.py"))):
        file = kept / f"{path.stem}-{hashlib.sha256(path.read_bytes()).hexdigest()[:12]}.pickle"
        if not file.exists():
            file.write_bytes(pickle.dumps(list(_changes_of(path))))
        found += pickle.loads(file.read_bytes())
    return found


def _changes_of(path: Path) -> Iterator[Change]:
    source = path.read_text()
    module = ".".join(path.with_suffix("").parts)
    places = dict(_functions(ast.parse(source)))
    # mutmut leaves out functions with decorators, which matter only when a function is defined.
    bare = source.splitlines(keepends=True)
    for function in places.values():
        for decorator in function.decorator_list:
            for number in range(decorator.lineno, (decorator.end_lineno or decorator.lineno) + 1):
                bare[number - 1] = "\n"
    mutated = mutate_file_contents(str(path), "".join(bare))
    lines = mutated.code.splitlines(keepends=True)
    texts = {
        name: "".join(lines[span.start - 1 : span.end]) for name, span in mutated.line_span_by_function_name.items()
    }
    for name in mutated.mutant_names:
        mangled, _, count = name.rpartition("__mutmut_")
        function_name = mangled[2:] if mangled.startswith("x_") else mangled[2:].replace("ǁ", ".")
        before, after = texts[f"{mangled}__mutmut_orig"].strip("\n"), texts[name].strip("\n")
        tree = _tree(before)
        kind, statement = _kind_and_statement(tree, _tree(after))
        start = places[function_name].lineno - tree.lineno  # comments may stand above a function
        yield Change(
            module,
            function_name,
            int(count),
            before,
            after,
            range(start + statement.start, start + statement.stop),
            kind,
        )


def _functions(tree: ast.Module) -> Iterator[tuple[str, _Function]]:
    for node in tree.body:
        if isinstance(node, _Function):
            yield node.name, node
        if isinstance(node, ast.ClassDef):
            yield from ((f"{node.name}.{one.name}", one) for one in node.body if isinstance(one, _Function))


def _tree(source: str) -> _Function:
    tree = ast.parse(textwrap.dedent(source)).body[0]
    assert isinstance(tree, _Function)
    return tree


def _kind_and_statement(before: _Function, after: _Function) -> tuple[str | None, range]:
    """The kind of a change if it says nothing, and the lines of the changed statement in the function."""
    after.name = before.name
    path = list(_path(before, after))
    statement = [node for node, _ in path if isinstance(node, ast.stmt)][-1]
    return _kind(path), _lines(statement)


def _kind(path: list[tuple[ast.AST, ast.AST]]) -> str | None:
    old, new = path[-1]
    if isinstance(old, ast.Constant) and isinstance(new, ast.Constant) and _same_letters(old.value, new.value):
        return LETTERS
    for node, changed in path:
        if isinstance(node, ast.Raise) and isinstance(old, ast.Constant | ast.JoinedStr):
            return WORDING
        if isinstance(node, ast.Call) and isinstance(changed, ast.Call):
            name = ast.unparse(node.func)
            if name == "zip" and _strict(node) != _strict(changed):
                return STRICT
            if name == "cast" and ast.dump(node.args[-1]) in map(ast.dump, changed.args[1:]):
                return TYPES
    return None


def _path(before: ast.AST, after: ast.AST) -> Iterator[tuple[ast.AST, ast.AST]]:
    """The pairs of nodes that differ, from the function down to the change itself."""
    yield before, after
    if type(before) is not type(after):
        return
    different = []
    for name in before._fields:
        old, new = (one if isinstance(one, list) else [one] for one in (getattr(before, name), getattr(after, name)))
        if len(old) != len(new):
            return
        different += [pair for pair in zip(old, new, strict=True) if not _equal(*pair)]
    if len(different) == 1 and isinstance(different[0][0], ast.AST) and isinstance(different[0][1], ast.AST):
        yield from _path(*different[0])


def _equal(one: object, other: object) -> bool:
    if isinstance(one, ast.AST) and isinstance(other, ast.AST):
        return ast.dump(one) == ast.dump(other)
    return type(one) is type(other) and one == other


def _lines(statement: ast.stmt) -> range:
    """The lines of a statement; of one with a body, those of its head, but of a function all."""
    if isinstance(statement, _Function):
        return range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)
    body = getattr(statement, "body", None)
    end = statement.end_lineno or statement.lineno
    return range(statement.lineno, (body[0].lineno if body and body[0].lineno > statement.lineno else end + 1))


def _same_letters(old: object, new: object) -> bool:
    return isinstance(old, str) and isinstance(new, str) and old.lower() == new.lower()


def _strict(call: ast.Call) -> list[str]:
    return [ast.unparse(one.value) for one in call.keywords if one.arg == "strict"]
