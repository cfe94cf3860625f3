"""The English texts of what `saludo check` finds and mends, for the catalogues.

SQL and helper processes make them, so they are English where they are made, and `translated` of
`storage/language/stored_texts.py` compares them with these where they are printed. What SQLite says stays as it is.
"""

from __future__ import annotations

from storage.language.texts import mark

FOUND = (
    mark("{problem}: {count} more"),
    mark("{problem}: at least {count} more"),
    mark("integrity: {problem}"),
    mark("index {index} is out of order"),
    mark("index {index} has other entries than its table"),
    mark("schema: {kind} {name} is missing"),
    mark("schema: {kind} {name} differs"),
    mark("schema: {kind} {name} is not of this program"),
    mark("cell of line {line}, template {template}, day {day}: differs from its messages"),
    mark("cell of line {line}, template {template}, {place}: differs from its messages"),
    mark("message {key}: derived columns differ from its timeline"),
    mark("the key index cannot be made: {why}"),
    mark("the cube cannot be brought up to date: {why}"),
    mark("the cube cannot be counted: {why}"),
    mark("cells cannot be compared: {why}"),
    mark("derived columns cannot be compared: {why}"),
    mark("names cannot be compared: {why}"),
    mark("texts cannot be read: {why}"),
    mark("values cannot be read: {why}"),
    mark("{table}, row {row}: {column} cannot be so"),
    mark("settings, {key}: {why}; run 'saludo settings {key} VALUE'"),
    mark("line id {id} leads to no line"),
    mark("contact id {id} leads to no contact"),
    mark("line {line} is missing"),
    mark("line {line} has no number, identifier or name"),
    mark("line {line}: label or value differs from its ids"),
    mark("contact {contact} is missing"),
    mark("contact {contact} has no id"),
    mark("contact {contact}: label or customer id differs from its ids"),
    mark("message {key}: its hash differs from its key"),
    mark("message {key} is stored twice"),
    mark("message {key}: its contact is not that of its contact id"),
    mark("a message names the contact id {id}, which is missing"),
    mark("a message names the line id {id}, which is missing"),
    mark("a message names the template {id}, which is missing"),
    mark("a message's contact is not that of its contact id, or an id is missing"),
    mark("the last id of table {table} is not the one that was used last"),
    mark("rejected record {digest}: counted and not kept, or kept and not counted"),
)
MENDED = (
    mark("{problem}: mended {count} rows"),
    mark("made every index again"),
    mark("made the key index again"),
    mark("made {kind} {name} again"),
    mark("made {kind} {name} again, empty: what it held is lost"),
    mark("removed trigger {name}, which is not of this program"),
    mark("merged {count} messages that were stored twice"),
    mark("derived data stays as it is: {why}"),
)
