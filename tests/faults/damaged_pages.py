"""Damages the bytes of a database, and judges what that did."""

from __future__ import annotations

import random
import shutil
import tempfile
from pathlib import Path

from tests.faults.judgement import EVIDENCE, HARMLESS, build_sound, judge
from tests.faults.tally import Result, Tally

_PAGE = 16_384


def damaged_pages(tries: int, tally: Tally, seed: int = 14) -> Result:
    """Tries so many random damages of the file."""
    with tempfile.TemporaryDirectory() as directory:
        sound = build_sound(Path(directory, "sound.db"))
        content = sound.database.read_bytes()
        for number in tally.left(tries):
            damaged = Path(directory, f"{number}", "saludo.db")
            damaged.parent.mkdir()
            what, data = _damaged(bytearray(content), random.Random(f"{seed}, {number}"))
            damaged.write_bytes(data)
            found = judge(damaged, sound)
            shutil.rmtree(damaged.parent)
            tally.add(
                took=found.kind != HARMLESS,
                failures=[f"{number}, {what}: {one}" for one in found.failures],
                uncheckable=found.kind == EVIDENCE,
            )
    return tally.result


def _damaged(content: bytearray, chance: random.Random) -> tuple[str, bytes]:
    pages = len(content) // _PAGE
    first, second = (chance.randrange(pages) * _PAGE for _ in range(2))
    match chance.randrange(5):
        case 0:
            for _ in range(chance.choice((1, 8, 64))):
                content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
            return "bits", bytes(content)
        case 1:
            content[first : first + _PAGE] = chance.randbytes(_PAGE)
            return f"page at {first} random", bytes(content)
        case 2:
            content[first : first + _PAGE] = bytes(_PAGE)
            return f"page at {first} zero", bytes(content)
        case 3:
            one, other = content[first : first + _PAGE], content[second : second + _PAGE]
            content[first : first + _PAGE], content[second : second + _PAGE] = other, one
            return f"pages at {first} and {second} swapped", bytes(content)
        case _:
            size = chance.randrange(len(content))
            return f"cut to {size}", bytes(content[:size])
