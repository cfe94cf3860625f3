"""Adding a language is one line and one catalogue: texts, numbers, words of the filter and the TSV follow."""

from __future__ import annotations

from pathlib import Path

from storage.language.catalogue import Entry
from tests.language_runs import said_in
from tests.texts import source_text

TEXTS = {
    (None, "Starts"): "Débuts",
    ("export_starts", "Session start"): "Début Session",
    ("filter field", "template"): "modèle",
    ("filter value", "today"): "aujourd'hui",
    ("stored", "line {number}"): "ligne {number}",
}


def test_a_toy_language(tmp_path: Path) -> None:
    known = {key: Entry(*key, None, (text,), False) for key, text in TEXTS.items()}
    (tmp_path / "fr").mkdir()
    (tmp_path / "fr" / "all.po").write_text(source_text("fr", dict.fromkeys(TEXTS), known), encoding="utf-8")
    code = f"""
from pathlib import Path
from storage.language import catalogue, languages
catalogue.FOLDER = Path({str(tmp_path)!r})
languages.LANGUAGES["fr"] = "français"  # the one line
from storage.domain.filters import Filter
from storage.language.conventions import localized
from storage.language.stored_texts import translated
from storage.language.texts import _
from storage.sources.botmaker_rows import column_of
from storage.table.export import STARTS
from tui.data.chosen_language import choose
print(choose(["--lang", "fr_CA"], {{}}), _("Starts"), translated("line 7"), localized("1,234.5"))
print(Filter.parse("modèle:a period:all"), STARTS.header("fr")[2], column_of("debut session"))
"""
    assert said_in("fr", code).splitlines() == [
        "fr_CA Débuts ligne 7 1,234.5",
        "period:all template:a Début Session session_start",
    ]
