"""Finding text in the table and sorting it: the keys, and what comes back of them."""

from __future__ import annotations

from dataclasses import replace

from storage.table.pages import StartRow
from storage.table.sorting import Order
from tui.data.worker_messages import FindProgress, Found, LoadFailed
from tui.screens.saving import SavingScreen
from tui.widgets.prompt_line import Given, Purpose
from tui.words.wording import day


class FindingScreen(SavingScreen):
    """A screen whose table can be searched and sorted."""

    _text = ""
    _looking = False

    def interrupt(self, key: str) -> bool:
        """Any key ends a search, where Escape does nothing else, and takes a notice away."""
        if not self._looking:
            if key != "ctrl+l":  # which only draws the same screen again
                self.forget_notice()
            return False
        self._looking = False
        self.workers.cancel_group(self, "find")
        self.say(f"no longer looking for »{self._text}«")
        return key == "escape"

    def action_find(self) -> None:
        if not self.refused("find"):
            self._ask_text()

    def _ask_text(self) -> None:
        self.prompt(Purpose.FIND, self._text, "text in contact, name or template; Enter finds, Esc leaves")

    def action_find_next(self, by: int) -> None:
        view = self.view
        if self.refused("find_next"):
            return
        self.close_start()
        if not self._text:
            self._ask_text()
        else:
            row = self.table.row()
            cursor = row.cursor if isinstance(row, StartRow) else None
            self.say(f"looking for »{self._text}« …  any key stops")
            self._looking = True
            self.find(view.filter, self._text, cursor, (by > 0) is not view.reverse)

    def on_given(self, message: Given) -> None:
        if message.purpose is Purpose.FIND:
            self._text = message.text
            self.action_find_next(1)

    def on_find_progress(self, message: FindProgress) -> None:
        if self._looking:
            self.say(f"looking for »{self._text}« on {day(message.day, year=True)} …  any key stops")

    def on_load_failed(self, message: LoadFailed) -> None:
        if message.view is None:
            self._looking = False

    def on_found(self, message: Found) -> None:
        if not self._looking or message.filter != self.view.filter:
            return
        self._looking = False
        if message.match is None:
            self.say(f"»{self._text}« is not found {'below' if message.older else 'above'}")
            return
        position = message.match.position
        self.table.action_move_to(self.table.count - 1 - position if self.view.reverse else position)
        self.say(f"»{self._text}« found; n finds the next, N the one before")

    def action_sort(self) -> None:
        if self.refused("sort"):
            return
        orders = list(Order)
        following = orders[(orders.index(self.view.order) + 1) % len(orders)]
        self.go(replace(self.view, order=following))

    def action_reverse(self) -> None:
        if self.refused("reverse"):
            return
        self.go(replace(self.view, reverse=not self.view.reverse))
