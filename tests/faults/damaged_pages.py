"""Damages the bytes of a database and runs every command on it: none may crash or print a traceback."""

from __future__ import annotations

import os
import random
import tempfile
from pathlib import Path

from tests.faults.interruptions import Result
from tests.faults.wrong_values import build_sound, failures_in_fork

_PAGE = 16_384


def damaged_pages(tries: int, seed: int = 14) -> Result:
    """Tries so many random damages of the file."""
    chance, failures = random.Random(seed), []
    with tempfile.TemporaryDirectory() as directory:
        sound = Path(directory, "sound.db")
        build_sound(sound)
        content = sound.read_bytes()
        for number in range(tries):
            damaged = Path(directory, f"{number}", "saludo.db")
            damaged.parent.mkdir()
            what, data = _damaged(bytearray(content), chance)
            damaged.write_bytes(data)
            failures += [f"{number}, {what}: {one}" for one in failures_in_fork(damaged)]
            for file in damaged.parent.iterdir():
                os.unlink(file)
    return Result(tries, tries, tuple(failures))


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
