"""The texts of reasons, places, notes and ignored parts, for the catalogues: the database keeps them in English.

The code makes them where it finds something wrong, often many thousands of times; `translated` of
`storage/language/stored_texts.py` compares what it made with these. A test finds a text that is missing here.
"""

from __future__ import annotations

from storage.language.texts import mark

PLACES = (mark("line {number}"), mark("line {first} to {last}"), mark("end of file"))
REASONS = (
    mark("invalid time {value}"),
    mark("invalid time {value} ({order}; see --dates)"),
    mark("time {value} is before 2009 or after 2099"),
    mark("time {value} was rounded"),
    mark("{value} is neither true nor false"),
    mark("unknown status {value}"),
    mark("unknown direction {value}"),
    mark("unknown origin {value}"),
    mark("no time"),
    mark("no timestamp"),
    mark("no id"),
    mark("no message id"),
    mark("no message id and no error"),
    mark("no message id and no recipient"),
    mark("no message id and no sender"),
    mark("unrecognised message"),
    mark("unexpected structure"),
    mark("change without a value"),
    mark("unreadable header"),
    mark("{count} columns, but the header has {width}"),
    mark("longer than {size} MB"),
    mark("cut off before the next record"),
    mark("cut off at the end of the file"),
    mark("unterminated string"),
    mark("nested too deeply"),
    mark("nested too deeply or invalid JSON"),
    mark("invalid JSON: {error}"),
    mark("it names a webhook, but holds none that can be read"),
    mark("no JSON object in it can be read"),
    mark("truncated {compression} data"),
    mark("corrupt {compression} data ({error})"),
    mark("truncated zip data"),
    mark("corrupt zip data (wrong checksum)"),
    mark("truncated zip archive: its list of members is missing"),
)
NOTES = (
    mark("'{column}' stands {count} times in the header; the one in column {number} is read"),
    mark("'{column}' has dates with the day first and with the month first; read as {order}"),
    mark(
        "line {line} proves that '{column}' has the month first, but the lines up to {last} were imported before as"
        " day-first; import the file into a new database"
    ),
    mark(
        "nothing proves the order of day and month in '{column}'; read as {order} (if that is wrong, import into a new"
        " database with --dates {other})"
    ),
    mark(
        "nothing in the first part of the input proves the order of day and month in '{column}'; read as {order} (if"
        " that is wrong, import into a new database with --dates {other})"
    ),
    mark("'{column}' has values that cannot be used, such as {value}: a spreadsheet or a mask took their digits"),
)
IGNORED = (
    mark("status {status}"),
    mark("event {kind}"),
    mark("field {name}"),
    mark("record of another kind"),
    mark("line without JSON"),
    mark("message of another channel than WhatsApp"),
    mark("request that marks a message as read"),
    mark("webhook without changes"),
    mark("error without a message"),
    mark("contacts without new information"),
    mark("row of column descriptions"),
    mark("repeated header"),
    mark("row of a message that was not sent"),
    mark("row of another channel"),
)
