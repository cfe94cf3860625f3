"""The starts of a version in the order of their contacts' labels, for pages of the table that is sorted by contact.

`contact_starts` has of each start what filters ask for and what a page shows. Its rows lie in some 1,000 blocks of
labels that follow each other (`label_blocks`). So how many starts of a filter each block has is quickly counted, and a
page is read out of its block. The limits of the blocks stay when months are taken over from the version before. Reads
and writes these two tables.
"""

from __future__ import annotations

from storage.clickhouse.engine import Engine
from storage.published.unchanged_months import NOTHING, Months
from storage.published.version_tables import CONTACT_STARTS, MONTH, SHOWN_TOGETHER, UNKNOWN_CONTACT_BLOCK, name_in

_MOST_BLOCKS = 1_024
_FEWEST_CONTACTS = 50  # of a block

_NEW_BLOCKS = """
INSERT INTO {blocks} SELECT intDiv(place, step) AS block, min(label)
FROM (SELECT label, rowNumberInAllBlocks() AS place FROM (SELECT label FROM {contacts} ORDER BY label)) AS c,
     (SELECT greatest(intDiv(count(), {most}) + 1, {fewest}) AS step FROM {contacts}) AS s
GROUP BY block
"""
# The block of a label is that of the last limit that is not above it.
_BLOCK_OF_CONTACT = """
SELECT id, block FROM (
    SELECT id, is_contact, max(block) OVER (ORDER BY label, is_contact ROWS UNBOUNDED PRECEDING) AS block
    FROM (SELECT id, label, toUInt16(0) AS block, 1 AS is_contact FROM {contacts}
          UNION ALL SELECT 0, first, block, 0 FROM {blocks})
) WHERE is_contact = 1
"""
_COPIED = [name for name in CONTACT_STARTS.columns if name not in ("block", "month", "contact_label", "shown")]
_SHOWN = f"toJSONString(tuple({', '.join(f'm.{name}' for name in SHOWN_TOGETHER)}))"
_STARTS = f"""
INSERT INTO {{target}} (block, month, contact_label, shown, {", ".join(_COPIED)})
SELECT ifNull(b.block, {UNKNOWN_CONTACT_BLOCK}), {MONTH}, ifNull(m.contact_label, ''), {_SHOWN},
       {", ".join(f"m.{name}" for name in _COPIED)}
FROM {{messages}} AS m LEFT JOIN ({_BLOCK_OF_CONTACT}) AS b ON m.contact = b.id WHERE {{condition}}
SETTINGS max_partitions_per_insert_block = 0, join_use_nulls = 1,
         output_format_json_quote_64bit_integers = 0, output_format_json_named_tuples_as_objects = 0
"""
_SEVERAL_PARTS = """
SELECT partition FROM system.parts WHERE active AND database = currentDatabase() AND table = {table:String}
GROUP BY partition HAVING count() > 1
"""


def fill(engine: Engine, version: int, months: Months = NOTHING) -> None:
    """Fills the two tables of a version, whose starts and contacts are there.

    Args:
        months: those that it took over from another version.
    """
    names = {name: name_in(version, name) for name in ("messages", "contacts")} | {
        "blocks": name_in(version, "label_blocks"),
        "target": name_in(version, "contact_starts"),
    }
    if months.version:
        engine.run(f"INSERT INTO {names['blocks']} SELECT * FROM {name_in(months.version, 'label_blocks')}")
    else:
        engine.run(_NEW_BLOCKS.format(**names, most=_MOST_BLOCKS, fewest=_FEWEST_CONTACTS))
    taken = ", ".join(map(str, sorted(months.unchanged)))
    engine.run(_STARTS.format(**names, condition=f"{MONTH} NOT IN ({taken})" if taken else "1"))
    # Each part takes its time to open, and a page reads all months: nearly half of its time if each has three parts.
    for (month,) in engine.rows(_SEVERAL_PARTS, {"table": names["target"]}):
        engine.run(f"OPTIMIZE TABLE {names['target']} PARTITION {month} FINAL")
