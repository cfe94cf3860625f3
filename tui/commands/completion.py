"""`saludo completion`: prints a completion script for a shell, made from the parser, or what a filter can become."""

from __future__ import annotations

import sqlite3
from argparse import ArgumentParser, Namespace, _SubParsersAction
from contextlib import suppress

from storage.database.error_words import WRONG_VALUE
from storage.domain.errors import StorageError
from tui.commands.arguments import build_parser
from tui.commands.common import reading_store
from tui.commands.output import print_lines, print_text

_FILE_METAVARS = ("FILE", "PATH")  # names of file arguments in the help
# Bash splits a line at colons, so the text of a filter is cut out of the line itself; what stands before the last
# colon is no part of the word that Bash replaces.
_BASH_FILTER = r"""
_saludo_filter_text() {
  [[ "$1" =~ (^|[[:space:]])--filter(=|[[:space:]]+)(.*)$ ]] || return 1
  local rest="${BASH_REMATCH[3]}" quote=""
  case "$rest" in
    \'* | \"*) quote="${rest:0:1}"; rest="${rest:1}" ;;
  esac
  if [ -n "$quote" ]; then
    [[ "$rest" != *"$quote"* ]] || return 1
  else
    [[ "$rest" != *[[:space:]]* ]] || return 1
  fi
  _saludo_quote="$quote" _saludo_text="$rest"
}

_saludo() {
  local _saludo_quote _saludo_text line db=() index
  if ! _saludo_filter_text "${COMP_LINE:0:COMP_POINT}"; then
    _shtab_saludo "$@"
    return
  fi
  for ((index = 1; index < COMP_CWORD; index++)); do
    [ "${COMP_WORDS[index]}" = --db ] && db=(--db "${COMP_WORDS[index + 1]}")
  done
  compopt -o nospace 2>/dev/null
  COMPREPLY=()
  while IFS= read -r line; do
    if [ -z "$_saludo_quote" ]; then
      local before="${_saludo_text%"${_saludo_text##*:}"}"
      printf -v line %q "${line#"$before"}"
    fi
    COMPREPLY+=("$line")
  done < <("${COMP_WORDS[0]}" completion bash "${db[@]}" --complete="$_saludo_text" 2>/dev/null)
}

complete -o bashdefault -F _saludo saludo
"""
_FISH_FILTER = r"""
function __saludo_filters
  saludo completion fish --complete=(string trim --left --chars="'\"" -- (commandline -ct)) 2>/dev/null
end
"""
_ZSH_FILTER = """
_saludo_filters() {
  local -a found
  found=("${(@f)$(saludo completion zsh --complete="${(Q)PREFIX}" 2>/dev/null)}")
  [[ -n "${found[1]}" ]] && compadd -S '' -a found
}
"""


def completion(arguments: Namespace) -> int:
    """Prints the script for the given shell, or what a filter can become; returns the exit status."""
    if arguments.complete is not None:
        print_lines(*_filters(arguments))
        return 0
    import shtab  # only this command needs it

    parser = build_parser()
    _complete_files(parser, shtab.FILE)
    if arguments.shell != "bash":
        _complete_filters(parser, {"zsh": "_saludo_filters", "fish": "(__saludo_filters)"})
    before = {"zsh": _ZSH_FILTER, "fish": _FISH_FILTER}.get(arguments.shell, "")
    after = _BASH_FILTER if arguments.shell == "bash" else ""
    print_text(shtab.complete(parser, shell=arguments.shell, preamble=before) + after + "\n")
    return 0


def _filters(arguments: Namespace) -> list[str]:
    """What the text of a filter can become, one a line; without a database that can be read, less of it."""
    from storage.report import filter_choices
    from tui.data.filter_completion import candidates, word_start
    from tui.data.preferences import load_filter_settings
    from tui.data.settings_file import default_file

    text = arguments.complete
    settings, _ = load_filter_settings(default_file())
    choices: dict[str, tuple[filter_choices.Choice, ...]] = {}
    with (
        suppress(StorageError, OSError, sqlite3.Error, *WRONG_VALUE),
        reading_store(arguments) as opened,
    ):
        choices = filter_choices.choices(opened.session)
    begin = word_start(text)
    found = candidates(text[begin:], choices, settings.named)
    return [text[:begin] + candidate for candidate in found if candidate.isprintable()]


def _complete_files(parser: ArgumentParser, files: object) -> None:
    """Marks the arguments of a parser and its commands that are completed with file names."""
    for action in parser._actions:
        if isinstance(action, _SubParsersAction):
            for command in action.choices.values():
                _complete_files(command, files)
        elif action.metavar in _FILE_METAVARS:
            action.complete = files  # type: ignore[attr-defined]  # shtab reads this attribute


def _complete_filters(parser: ArgumentParser, function: object) -> None:
    """Marks the option `--filter` of a parser and its commands as completed by a function of the script."""
    for action in parser._actions:
        if isinstance(action, _SubParsersAction):
            for command in action.choices.values():
                _complete_filters(command, function)
        elif "--filter" in action.option_strings:
            action.complete = function  # type: ignore[attr-defined]  # shtab reads this attribute
