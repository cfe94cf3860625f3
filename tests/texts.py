"""Extracts the texts of the program into the catalogues, and writes how each country writes numbers.

`python -m tests.texts` keeps every translation that still has its English text, adds new texts without one, and removes
those that no code uses. A text stands in the catalogue of the first area that uses it, sorted, without line numbers, so
that people who work on different parts change different lines.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

from babel.messages.extract import extract_from_file
from babel.messages.plurals import get_plural

from storage.language.catalogue import FOLDER, Entry, read_source, source_files
from storage.language.languages import ENGLISH, LANGUAGES
from storage.language.stored_texts import STORED

ROOT = Path(__file__).parents[1]
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
}
# Texts that stay English until they are shown; title, meaning and advice of failures among them.
STORED_KEYWORDS: dict[str, tuple[int, ...] | None] = {
    "mark": None,
    "FailureCode": (3, 4, 5),
    "_account": (2, 3, 4),
    "Explanation": (2, 3, 4),
}
# Each area is one catalogue; a text of several areas is in the first.
AREAS: dict[str, tuple[str, ...]] = {
    "words": ("tui/words", "tui/terminal", "tui/data"),
    "screens": ("tui/screens", "tui/widgets"),
    "commands": ("tui/commands", "tui/__main__.py"),
    "failures": ("storage/domain/failure_codes", "storage/domain/failures.py", "storage/domain/failure_texts.py"),
    "storage": ("storage",),
    "demo": ("fixtures",),
}

Key = tuple[str | None, str]


@cache
def extracted() -> dict[str, dict[Key, str | None]]:
    """The texts of each area: by context and English text, the English plural."""
    found: dict[str, dict[Key, str | None]] = {}
    files: set[Path] = set()
    texts: set[Key] = set()
    for area, places in AREAS.items():
        of_area: dict[Key, str | None] = {}
        for path in sorted(set(_modules(places)) - files):
            files.add(path)
            for key, plural in _texts(path):
                if key not in texts or key in of_area:
                    of_area[key] = of_area.get(key) or plural
        texts |= of_area.keys()
        found[area] = of_area
    return found


def _modules(places: Iterable[str]) -> Iterator[Path]:
    for place in places:
        path = ROOT / place
        yield from path.rglob("*.py") if path.is_dir() else [path]


def _texts(path: Path) -> Iterator[tuple[Key, str | None]]:
    if path.match("storage/table/export_*.py"):  # a file has a language of its own, and another "Sent" in each header
        yield from _in_context(path, path.stem, {"Column": (1,), "file_text": (1,)})
    yield from _in_context(path, STORED, STORED_KEYWORDS)
    for _, message, _, context in extract_from_file("python", path, keywords=KEYWORDS):
        text, plural = message if isinstance(message, tuple) else (message, None)
        yield (context, text), plural


def _in_context(
    path: Path, context: str, keywords: Mapping[str, tuple[int, ...] | None]
) -> Iterator[tuple[Key, str | None]]:
    source = path.read_text(encoding="utf-8")
    if not any(f"{word}(" in source for word in keywords):  # babel takes far longer to find nothing
        return
    for _, message, _, _ in extract_from_file("python", path, keywords=keywords):
        for text in message if isinstance(message, tuple) else (message,):
            yield (context, text), None


def catalogue(language: str) -> dict[Key, Entry]:
    """Every entry of a language, of all areas."""
    return {
        (entry.context, entry.text): entry
        for path in sorted((FOLDER / language).glob("*.po"))
        for entry in read_source(path)
        if entry.text
    }


def source_text(language: str, texts: Mapping[Key, str | None], known: Mapping[Key, Entry]) -> str:
    """A `.po` file of these texts with the translations that are known."""
    plural_forms = plural_forms_of(language)
    count = int(re.match(r"nplurals=(\d+)", plural_forms)[1])  # type: ignore[index]  # every rule begins so
    blocks = [_header(language, plural_forms)]
    for context, text in sorted(texts, key=lambda key: (key[1], key[0] or "")):
        plural, entry = texts[context, text], known.get((context, text))
        forms = 1 if plural is None else count
        kept = entry.translations if entry is not None and len(entry.translations) == forms else ("",) * forms
        lines = ["#, fuzzy"] if entry is not None and entry.fuzzy else []
        lines += [] if context is None else [f"msgctxt {_quoted(context)}"]
        lines.append(f"msgid {_quoted(text)}")
        if plural is None:
            lines.append(f"msgstr {_quoted(kept[0])}")
        else:
            lines.append(f"msgid_plural {_quoted(plural)}")
            lines += [f"msgstr[{number}] {_quoted(form)}" for number, form in enumerate(kept)]
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks) + "\n"


def plural_forms_of(language: str) -> str:
    """The rule of the plurals that the catalogue has; of a new one, what babel knows of the language."""
    for path in source_files(language):
        for line in read_source(path)[0].translations[0].splitlines():
            name, _, value = line.partition(": ")
            if name == "Plural-Forms":
                return value
    return get_plural(language).plural_forms


def _header(language: str, plural_forms: str) -> str:
    values = {"Language": language, "Content-Type": "text/plain; charset=UTF-8", "Plural-Forms": plural_forms}
    return "\n".join(['msgid ""', 'msgstr ""', *(_quoted(f"{name}: {value}\n") for name, value in values.items())])


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def update_catalogues() -> None:
    """Brings the catalogues of all languages up to date with the code."""
    areas = extracted()
    for language in LANGUAGES:
        if language == ENGLISH:
            continue
        known = catalogue(language)
        (FOLDER / language).mkdir(exist_ok=True)
        for area, texts in areas.items():
            text = source_text(language, texts, known)
            (FOLDER / language / f"{area}.po").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    from tests.conventions import write_table

    update_catalogues()
    write_table()
