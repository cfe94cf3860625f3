"""The cube: aggregates of starts, stored so that a report reads thousands of rows and not millions of messages.

In: changed starts in `messages`, as dirty marks. Out: counters and sets of users that equal a recount of `messages`
for every block without a dirty mark. It must not know filters, reports or screens, nor how a start is derived.

Terms, in the order in which they build on each other (docs/database.md describes the bytes):

* Block of days: a day, an ISO week cut where a month ends, a month or a quarter, at level 0, 1, 2 or 3, so that any
  period is a few blocks. It is named by its first day (layout.py).
* Cell: a line, a template and a block. A leaf cell has a single line and a single template.
* Roll-up: a cell over all lines, all templates or both; the id ALL takes the place of the line or template.
* Counter: the number of starts of one origin and status in a cell. Two counters are packed in one integer column, and
  the columns of a row in one Python integer, so that one addition adds them all (counters.py, day_counts.py).
* Detail: the number of sends with one status, failure and set of data-quality flags in a cell. Only sends that failed
  or carry a flag have one (counters.py).
* User set: the distinct contacts of a cell, as bytes (bitmaps.py). There are three kinds: USERS (of all starts), FAILED
  (of failed sends, a set for each failure) and STEPS (of sends by how far they got short of an answer).
* Slice: a range of numbers in a user set, one for each origin, user type and group of statuses. A contact in a slice is
  stored as slice << 28 | contact id (start_classes.py).
* Leaf set: the user set of a leaf cell and, in the kind FAILED, of one failure.
* Packed sets: many small sets in one row, of a line (PACKED_LINE) or of a whole block (PACKED_BLOCK) (packed_sets.py).
* Multiplicity: in how many leaf sets of a roll-up a contact occurs, stored in bit planes, so that "all but these lines
  and templates" can be subtracted from it (multiplicity.py).
* Repeats: the starts of contacts that have several starts on a day. Every other start has a contact of its own, so that
  the contacts of a day are counted without uniting sets (repeats.py).
* Dirty mark: a row of `dirty`, which says that a block of a line is older than `messages`. Readers count a dirty day
  from `messages`; writers refresh dirty blocks, fine before coarse (refresh.py, storage/database/dirty_marks.py).
"""
