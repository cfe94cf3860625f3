"""The list that a dropdown opens: typing narrows it, Tab marks options, `!` leaves them out. Knows no filter."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from datetime import date
from typing import ClassVar

from rich.cells import cell_len
from rich.style import Style
from textual.binding import BindingType
from textual.events import Click, Paste
from textual.message import Message
from textual.strip import Strip

from storage.domain.folding import folded
from storage.language.texts import _
from tui.data.filter_options import Option, takes_exclusions, takes_several, typed_period
from tui.terminal.style import BOLD, CURSOR, DIM, FOCUSED, KEY, PLAIN, cut, cut_words, fit, safe
from tui.widgets.painted_widget import PaintedWidget
from tui.widgets.panel import Piece, strip
from tui.words.keys import Where, bindings
from tui.words.numbers import number, short_number


class ValuesPicked(Message):
    """The user picked values for a field; `excluded`: all but these."""

    def __init__(self, field: str, values: frozenset[Hashable], excluded: bool = False) -> None:
        self.field, self.values, self.excluded = field, values, excluded
        super().__init__()


def compact(text: str) -> str:
    """Text for comparison: no case, no accents, no spaces."""
    return "".join(folded(text).split())


class ChoiceList(PaintedWidget, can_focus=True):
    """The options of one field that match the typed text, with their counts.

    Args:
        id: the id of the widget.
        restore_focus: gives the focus back to the widget that had it.
    """

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Where.LIST)]

    def __init__(self, id: str, restore_focus: Callable[[], None]) -> None:
        super().__init__(id=id)
        self._restore_focus = restore_focus
        self.field = ""
        self.typed = ""
        self._today: date | None = None
        self._options: list[Option] = []
        self._folded: list[str] = []
        self._shown: list[Option] = []
        self._marked: set[Hashable] = set()
        self._marked_by_hand = self._excludes = False
        self._cursor = self._top = 0

    @property
    def options(self) -> int:
        """How many options there are, whether or not they match."""
        return len(self._options)

    def open(
        self,
        field: str,
        options: Sequence[Option],
        marked: frozenset[Hashable],
        excludes: bool = False,
        today: date | None = None,
    ) -> None:
        """Opens the list.

        Args:
            field: the name of the field.
            options: its options.
            marked: the values of the present filter; the cursor starts on the first of them.
            excludes: whether the filter leaves these values out.
            today: the present day, for typed days; None if none can be typed.
        """
        self.field, self.typed, self._today = field, "", today
        self._excludes, self._marked_by_hand = excludes, False
        self._marked = set(marked) if takes_several(field) else set()
        self._set_options(options)
        current = [index for index, option in enumerate(self._shown) if option.value in marked]
        self._cursor = current[0] if current else 0
        self._top = 0
        self._scroll_to_cursor()
        self.refresh()

    def show_counts(self, options: Sequence[Option]) -> None:
        """Replaces the options by the same ones with counts; the cursor stays on its option."""
        current = self._option_at_cursor()
        self._set_options(options)
        indexes = [index for index, option in enumerate(self._shown) if current and option.value == current.value]
        self._cursor = indexes[0] if indexes else min(self._cursor, max(0, len(self._shown) - 1))
        self.refresh()

    def _set_options(self, options: Sequence[Option]) -> None:
        self._options = list(options)
        self._folded = [compact(f"{option.label} {option.also}") for option in options]
        self._filter_options()

    def _filter_options(self) -> None:
        wanted = compact(self.typed)
        pairs = zip(self._options, self._folded, strict=True)
        matching = [(option, label) for option, label in pairs if wanted in label]
        # Those that begin with the text first: "y" is yesterday before today.
        self._shown = [option for option, label in sorted(matching, key=lambda pair: not pair[1].startswith(wanted))]
        if self._today is not None and (period := typed_period(self.typed, self._today)) is not None:
            named = any(label.startswith(wanted) for _, label in matching)  # "yesterday" is that day, not since then
            self._shown = [*self._shown, period] if named else [period, *self._shown]

    def _option_at_cursor(self) -> Option | None:
        return self._shown[self._cursor] if self._cursor < len(self._shown) else None

    def _scroll_to_cursor(self) -> None:
        rows = max(1, self.size.height - 2)
        self._top = min(max(self._top, self._cursor - rows + 1, 0), self._cursor)

    def on_resize(self) -> None:
        self._top = 0
        self._scroll_to_cursor()
        self.refresh()

    def action_move(self, by: int) -> None:
        self._cursor = max(0, min(self._cursor + by, len(self._shown) - 1))
        self._scroll_to_cursor()
        self.refresh()

    def action_mark(self) -> None:
        current = self._option_at_cursor()
        if takes_several(self.field) and current is not None and current.value is not None:
            self._marked ^= {current.value}
            self._marked_by_hand = True
            self.action_move(1)

    def action_exclude(self) -> None:
        """Leaves out what is picked, instead of selecting it; again: selects it. In a typed text it is a character."""
        if self.typed or not takes_exclusions(self.field):
            self._set_typed(self.typed + "!")
        else:
            self._excludes = not self._excludes
            self.refresh()

    def action_pick(self) -> None:
        values = self._picked()
        if values is None:
            return
        self._leave()
        self.post_message(ValuesPicked(self.field, values, self._excludes))

    def _picked(self) -> frozenset[Hashable] | None:
        """What Enter applies: what was marked by hand, wherever the cursor is; else the option at the cursor.

        Marks that the filter had count as long as the cursor is on one of them.
        """
        current = self._option_at_cursor()
        if self._marked_by_hand:
            return frozenset(self._marked or {None})
        if current is None:
            return None
        return frozenset(self._marked if current.value in self._marked else {current.value})

    def action_close(self) -> None:
        self._leave()

    def _leave(self) -> None:
        """Restores the focus at once, so that the next key does not reach the list."""
        self.display = False
        self._restore_focus()

    def type_character(self, character: str) -> None:
        """Adds a character to the typed text; a space before any text marks the option."""
        if character == " " and not self.typed and takes_several(self.field):
            self.action_mark()
        else:
            self._set_typed(self.typed + character)

    def action_erase(self) -> None:
        self._set_typed(self.typed[:-1])

    def on_paste(self, event: Paste) -> None:
        event.stop()
        self._set_typed(self.typed + " ".join(event.text.split()))

    def _set_typed(self, typed: str) -> None:
        self.typed = typed
        self._filter_options()
        self._cursor = self._top = 0
        self.refresh()

    def on_click(self, event: Click) -> None:
        index = self._top + event.y - 1
        if event.y >= 1 and index < len(self._shown):
            self._cursor = index
            self.action_pick()

    def on_blur(self) -> None:
        self.display = False

    def draw_line(self, y: int) -> Strip:
        width, height = self.size
        if y == 0:
            return self._search_line(width)
        if y == height - 1:
            return strip((fit(f" {self._hint()}", width), DIM + Style(reverse=False)))
        index = self._top + y - 1
        if index >= len(self._shown):
            empty = " " + _("nothing matches") if not self._shown and y == 1 else ""
            return strip(("│", DIM), (fit(empty, width - 2), DIM), ("│", DIM))
        return self._option(self._shown[index], index == self._cursor, width)

    def _search_line(self, width: int) -> Strip:
        front = " " + _("find:") + " "
        shown = cut(self.typed, width - cell_len(front))
        return strip((front, KEY), (shown, BOLD), ("▏", FOCUSED)).adjust_cell_length(width)

    def _option(self, option: Option, on: bool, width: int) -> Strip:
        style = CURSOR + BOLD if on else PLAIN
        count = option.key if option.count is None else short_number(option.count)
        mark = ""
        if takes_several(self.field):
            mark = self._mark(option)
        room = width - 3 - len(mark) - (len(count) + 3 if count else 0)
        pieces: list[Piece] = [
            ("│", DIM),
            (f"{'▸' if on else ' '}{mark}{fit(self._label(option, room), max(0, room))}", style),
        ]
        if count:
            pieces.append((f"  {count} ", style if on else DIM))
        pieces.append(("│", DIM))
        return strip(*pieces).adjust_cell_length(width)

    def _mark(self, option: Option) -> str:
        if option.value is None:
            return "  "
        if option.value not in self._marked:
            return "□ "
        return "× " if self._excludes else "■ "

    def _label(self, option: Option, room: int) -> str:
        # Descriptions of keys are shortened at a word; names from files are made safe.
        return cut_words(option.label, room) if option.key else safe(option.label, 300)

    def _hint(self) -> str:
        if self.field == "period":
            return _("type 14d, nov, 1/11 or 1/11 15/11")
        hints = [self._enter_hint()]
        if takes_several(self.field) and not self._marked_by_hand:
            hints.append(_("Tab marks several"))
        if takes_exclusions(self.field) and not self._excludes:
            hints.append(_("! all but these"))
        return ", ".join(hints)

    def _enter_hint(self) -> str:
        if not self._marked_by_hand:
            return _("Enter leaves out") if self._excludes else _("Enter applies")
        if not self._marked:
            return _("Enter leaves out nothing") if self._excludes else _("Enter applies nothing")
        text = _("Enter leaves out {count} marked") if self._excludes else _("Enter applies {count} marked")
        return text.format(count=number(len(self._marked)))
