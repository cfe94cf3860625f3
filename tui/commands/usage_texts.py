"""The texts of argparse itself, in the language of the process: it asks gettext for them, which has none of ours."""

from __future__ import annotations

import argparse

from storage.language.languages import ENGLISH
from storage.language.of_process import LANGUAGE
from storage.language.stored_texts import translated
from storage.language.texts import mark

TEXTS = (
    mark("usage: "),
    mark("positional arguments"),
    mark("options"),
    mark("show this help message and exit"),
    mark("argument %(argument_name)s: %(message)s"),
    mark("the following arguments are required: %s"),
    mark("unrecognized arguments: %s"),
    mark("expected one argument"),
    mark("expected at most one argument"),
    mark("expected at least one argument"),
    mark("not allowed with argument %s"),
    mark("ignored explicit argument %r"),
    mark("invalid choice: %(value)r (choose from %(choices)s)"),
    mark("unknown parser %(parser_name)r (choices: %(choices)s)"),
    mark("invalid %(type)s value: %(value)r"),
)


def translate_argparse() -> None:
    """Makes argparse speak the language of the process."""
    if LANGUAGE != ENGLISH:
        argparse._ = translated  # type: ignore[attr-defined]  # the name under which it imports gettext
