"""What the system refuses is said in the language of the process."""

from __future__ import annotations

import os

import pytest

from storage.language import system_errors
from storage.language.system_errors import system_reason
from tests.language_runs import said_in

CODE = """
from storage.language.system_errors import system_reason
try:
    open("/no/such/file")
except OSError as error:
    print(system_reason(error))
print(system_reason(OSError(71, "Protocol error")), system_reason(OSError("odd")))
"""


@pytest.mark.parametrize("number", system_errors._REASONS)
def test_in_english_it_is_what_the_system_says(number: int) -> None:
    text = os.strerror(number)
    assert system_reason(OSError(number, text)) == text


def test_unusual_ones_keep_the_words_of_the_system() -> None:
    assert said_in("es", CODE).splitlines() == ["no existe el archivo o la carpeta", "Protocol error odd"]
