"""The language that this process speaks. Only for modules that are imported after the entry point has chosen it."""

from __future__ import annotations

import os

from storage.language.languages import ENGLISH, LANGUAGES, VARIABLE, tag_of

# `es_AR`: what the entry point chose; without it, as in a test or a script, English.
TAG = tag_of(os.environ.get(VARIABLE, "")) or ENGLISH
LANGUAGE = TAG.partition("_")[0]
FILE_LANGUAGE = LANGUAGE if LANGUAGE in LANGUAGES else ENGLISH  # of the headers of files that are written
COUNTRY = TAG.partition("_")[2]
