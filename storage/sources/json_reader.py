"""TODO."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from storage.domain.events import Ignored, Item, Send, Status
from storage.sources import cloud_api, send_log
from storage.sources.cloud_api_types import Webhook
from storage.sources.fields import Unreadable, reject
from storage.sources.json_scanner import Record, Scanner, decode
from storage.sources.opened import OpenedSource, Options
from storage.sources.stream import PIECE, Stream

_BRACE, _LINE_FEED = b"{\n"


_POSTED = b'{"object"'  # how webhooks begin


_OF_ANOTHER_SHAPE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def json_items(source: OpenedSource, stream: Stream, options: Options) -> Iterator[Item]:
    """Webhooks and sends of one stream of JSON objects: people keep both in one log."""
    readers, scanner = JsonReaders(options), Scanner()
    one, several = readers.one, readers.several
    if source.begin.position:
        stream.skip_to(source.begin.position, source.begin.lines)
    for line in stream.lines(PIECE):
        item = None if scanner.inside else one(line)
        if item is not None:
            source.records += 1
            source.reached = stream.place
            yield item
            continue
        number = stream.place[1] + (line[-1] != _LINE_FEED)
        items = None if scanner.inside else several(line, number)
        if items is None:
            for record in scanner.feed(line, number):
                yield from _record_items(source, readers, record)
            if not scanner.inside:
                source.reached = stream.place
            continue
        source.records += 1
        yield from items[:-1]
        source.reached = stream.place
        yield from items[-1:]
    for record in scanner.end():
        yield from _record_items(source, readers, record)


def _record_items(source: OpenedSource, readers: JsonReaders, record: Record | None) -> list[Item]:
    if record is None:
        return [Ignored("line without JSON")]
    source.records += 1
    return readers.items(record)


class JsonReaders:
    """What turns JSON texts into items."""

    def __init__(self, options: Options) -> None:
        self._webhooks = cloud_api.CloudApi(options.time_zone, options.line)
        self._sends = send_log.SendLog(options.time_zone, options.line)
        self._webhook = msgspec.json.Decoder(Webhook).decode
        self._accepted = msgspec.json.Decoder(send_log.Accepted).decode

    def one(self, line: bytes) -> Status | Send | None:
        """The item of a line that is a webhook of one status or an accepted send, in its usual shape, None where it is
        not. Decoding straight into the shape spares looking for the object's end and for what it is."""
        if line.startswith(_POSTED):
            return self._webhooks.one_status(line)
        try:
            return self._sends.accepted(self._accepted(line))
        except (*_OF_ANOTHER_SHAPE, Unreadable):
            return None

    def several(self, line: bytes, number: int) -> list[Item] | None:
        """The items of a line that is one webhook, None where it is not."""
        return self._posted(line, f"line {number}") if line[0] == _BRACE and b'"entry"' in line else None

    def _posted(self, text: bytes, where: str) -> list[Item] | None:
        try:
            return self._webhooks.items(self._webhook(text), where)
        except _OF_ANOTHER_SHAPE:
            return None

    def items(self, record: Record) -> list[Item]:
        """The items of one JSON text, whatever it is."""
        text, where = record.text, record.where
        if record.broken is not None:
            return [reject(where, record.broken, text)]
        try:
            items = self._whole(text, where)
        except (ValueError, RecursionError) as error:
            return [reject(where, f"is no JSON: {error}", text)]
        return [reject(where, "is neither a webhook nor a send", text)] if items is None else items

    def _whole(self, text: bytes, where: str) -> list[Item] | None:
        if (items := self._posted(text, where)) is not None:
            return items
        value = decode(text)
        items = self._webhooks.items_of(value, text, where)
        return self._sends.items_of(value, text, where) if items is None else items
