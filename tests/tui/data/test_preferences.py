"""The settings file, the flags and what the terminal suggests: what counts, and what a wrong line costs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from storage.domain.filters import Filter
from tests.tui import scenes
from tests.tui.scenes import press, screen_text, settle
from tui.data.filter_settings import FilterSettings
from tui.data.preferences import Preferences, for_terminal, load, load_filter_settings
from tui.screens.app import SaludoApp
from tui.widgets.status_bar import StatusLine
from tui.words.keys import ids, rename


def loaded(directory: Path, text: str) -> Preferences:
    path = directory / "settings.toml"
    path.write_text(text)
    return load(Preferences(), path, ids())


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "[" * 100_000,
        "x = " + "[" * 100_000 + "]" * 100_000,
        "x = " + "{a=" * 50_000,
        "x = " + "1" * 10_000,
        "x = 1" + "\n" * 1_000_000,
        "theme = '" + "x" * 100_000 + "'",
        'theme = "\\u001b]0;owned\\u0007"',
        "theme = '\x1b]0;owned\x07'",
        "directory = '~nobody-of-this-name/x'",
        "directory = '" + "x" * 10_000 + "'",
        'directory = "\\u0000"',
    ],
    ids=lambda text: ascii(text[:20]),
)
def test_a_hostile_file_costs_one_short_line(tmp_path: Path, text: str) -> None:
    (problem,) = loaded(tmp_path, text).problems
    assert problem.isprintable()
    assert len(problem) < 400


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "settings.toml"
    os.mkfifo(pipe)
    said = (f"{pipe}: is a pipe; settings are read from a file",)
    assert load(Preferences(), pipe, ids()).problems == said
    assert load_filter_settings(pipe) == (FilterSettings(), said)


def test_settings_in_a_directory_without_permission_are_told_and_not_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(path: Path, **_: object) -> os.stat_result:
        raise PermissionError(13, "Permission denied", str(path))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "stat", refused)
        found = load_filter_settings(tmp_path / "settings.toml")
    assert found == (FilterSettings(), (f"{tmp_path / 'settings.toml'}: cannot be read (Permission denied)",))


def test_a_whole_file_is_taken(tmp_path: Path) -> None:
    found = loaded(
        tmp_path,
        f"""
        theme = "light"
        mouse = false
        ascii = true
        filter = "@orders status:failed"
        exclude = ["+54 9 11 5555-0001", "549*"]
        directory = "{tmp_path}"
        [filters]
        Orders = "period:7d template:order_*"
        [keys]
        "dashboard.save" = "f2, w"
        """,
    )
    assert found == Preferences(
        "light",
        False,
        True,
        "@orders status:failed",
        FilterSettings({"orders": "period:7d template:order_*"}, frozenset(("5491155550001", "549*"))),
        tmp_path,
        {"dashboard.save": "f2,w"},
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('theme = "pink"', "theme: expected ansi, dark, light, not 'pink'"),
        ("theme = 3", "theme: expected"),
        ('mouse = "yes"', "mouse is true or false, not 'yes'"),
        ('filter = "colour:red"', "Unknown field 'colour'"),
        ("filter = 4", "filter cannot be 4"),
        ('directory = "/no/such/place"', "directory not found: '/no/such/place'"),
        ('thme = "dark"', "unknown setting 'thme'; expected theme, mouse"),
        ('[keys]\n"dashboard.sing" = "w"', "'dashboard.sing' is not the name of a key action"),
        ('[keys]\n"dashboard.save" = 1', "dashboard.save expects a text"),
        ("theme = ", "the defaults are used"),
        ('exclude = "549"', "exclude cannot be '549'"),
        ("exclude = [true]", "exclude expects ids of people"),
        ('exclude = [" "]', "exclude expects ids of people"),
        ("filters = 1", "filters cannot be 1"),
        ('[filters]\n"a b" = "period:7d"', "'a b' is no name"),
        ("[filters]\na = 1", "a expects a filter"),
        ('filter = "@a"', "Unknown filter '@a': the settings file has no [filters]"),
    ],
)
def test_a_wrong_line_is_one_clear_line_and_the_default(tmp_path: Path, text: str, problem: str) -> None:
    found = loaded(tmp_path, text)
    assert len(found.problems) == 1
    assert problem in found.problems[0]
    assert found == Preferences(problems=found.problems)


def test_a_byte_order_mark_is_no_part_of_the_file(tmp_path: Path) -> None:
    assert loaded(tmp_path, '\ufefftheme = "dark"') == Preferences(theme="dark")


def test_a_wrong_line_leaves_the_right_ones(tmp_path: Path) -> None:
    found = loaded(tmp_path, 'theme = "dark"\nmouse = 7')
    assert (found.theme, found.mouse, len(found.problems)) == ("dark", True, 1)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('[filters]\na = "@b"\nb = "@a"', "@a refers to itself: @a → @b → @a"),
        ('[filters]\na = "templte:x"', "@a: Unknown field 'templte'. Did you mean 'template'?"),
        ('[filters]\na = "@bb"\nbc = "user:new"', "@a: Unknown filter '@bb'. Did you mean '@bc'?"),
    ],
)
def test_a_wrong_named_filter_is_told_and_the_others_hold(tmp_path: Path, text: str, problem: str) -> None:
    found = loaded(tmp_path, f'{text}\nright = "user:new"')
    assert any(problem in one for one in found.problems)
    assert Filter.parse("@right", found.filters.context(None)) == Filter.parse("user:new")
    assert load_filter_settings(tmp_path / "settings.toml") == (found.filters, found.problems)


def test_a_command_reads_of_the_file_only_what_is_about_filters(tmp_path: Path) -> None:
    loaded(tmp_path, 'theme = "pink"\nexclude = [5491155550001]\nfilters.a = "user:new"')
    found, problems = load_filter_settings(tmp_path / "settings.toml")
    assert found == FilterSettings({"a": "user:new"}, frozenset(("5491155550001",)))
    assert problems == ()
    assert str(found.everything) == "period:30d contact:!5491155550001"


def test_no_file_is_no_problem_and_an_unreadable_one_is(tmp_path: Path) -> None:
    assert load(Preferences(), tmp_path / "none.toml", ids()) == Preferences()
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    assert "not UTF-8" in load(Preferences(), tmp_path / "binary.toml", ids()).problems[0]


@pytest.mark.parametrize(
    ("environment", "mouse", "ascii"),
    [
        ({}, True, False),
        ({"SSH_CONNECTION": "1 2 3 4", "LANG": "es_AR.UTF-8"}, False, False),
        ({"LANG": "C"}, True, True),
        ({"LANG": "C.UTF-8"}, True, False),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, True, True),
        ({"LC_CTYPE": "C.UTF-8"}, True, False),
        ({"LC_ALL": "es_AR.ISO-8859-1", "LANG": "es_AR.UTF-8"}, True, True),
        ({"LC_ALL": "", "LANG": "en_US.utf8"}, True, False),
    ],
)
def test_what_the_terminal_suggests(environment: dict[str, str], mouse: bool, ascii: bool) -> None:
    assert (for_terminal(environment).mouse, for_terminal(environment).ascii) == (mouse, ascii)


async def test_other_keys_work_and_are_shown(tmp_path: Path) -> None:
    path = scenes.database(tmp_path)
    preferences = Preferences(keys={"dashboard.save": "f2"}, problems=("settings.toml: something",))
    app = SaludoApp(path, Filter(), lambda: scenes.NOW, tmp_path, preferences)
    try:
        async with app.run_test(size=(120, 40)) as pilot:
            await settle(pilot)
            assert app.dashboard.query_one(StatusLine).text == "settings.toml: something"
            assert "f2 Save" in screen_text(app)
            await press(pilot, "w")
            assert not list(tmp_path.glob("*.tsv"))
            await press(pilot, "f2")
            assert len(list(tmp_path.glob("*.tsv"))) == 1
    finally:
        rename({})


@pytest.mark.parametrize("theme", ["ansi", "dark", "light"])
async def test_every_theme_shows_the_same_text(tmp_path: Path, theme: str) -> None:
    path = scenes.database(tmp_path)
    app = SaludoApp(path, Filter(), lambda: scenes.NOW, tmp_path, Preferences(theme=theme))
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        *text, status_line, keys = screen_text(app).splitlines()
        await press(pilot, "T", "T", "T")
        *other, named, same_keys = screen_text(app).splitlines()
        assert (other, same_keys) == (text, keys)
        assert "theme" not in status_line
        assert "theme" in named
        assert "Last starts" in "".join(text)
