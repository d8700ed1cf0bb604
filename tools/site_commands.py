"""Check the commands that pages show, and print the help of those that they ask for.

Each ``fomm`` command in a block of code must exist, with all its options; a warning ends a strict
build. A line ``help: fomm animate`` becomes what ``fomm animate --help`` prints.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from typing import Any

import click
from mkdocs.plugins import event_priority

from fomm_core.cli.main import make_program

_BLOCK = re.compile(r"^```[^\n]*\n(.*?)^```", re.DOTALL | re.MULTILINE)
_HELP = re.compile(r"^help: fomm (\w+)$", re.MULTILINE)
_OPTION = re.compile(r"(?<![^\s\[])--?[a-z][\w-]*")
_PROGRAM = re.compile(r"(?:^|\s)fomm ((?:[a-z][a-z0-9]+)(?=\s|$).*)")

logger = logging.getLogger("mkdocs.hooks.commands")


@event_priority(-60)
def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Check a page's commands, and fill in help."""
    for line in _commands(markdown):
        for problem in problems_of(line):
            logger.warning("%s: %s: %s", page.file.src_uri, line, problem)
    return _HELP.sub(lambda found: f"```text\n{_help(found.group(1))}\n```", markdown)


def _commands(markdown: str) -> Iterator[str]:
    """Yield the ``fomm`` commands of a page's code blocks, lines that go on joined."""
    for block in _BLOCK.findall(markdown):
        for line in block.replace("\\\n", " ").splitlines():
            if found := _PROGRAM.search(line):
                yield found.group(1)


def problems_of(line: str) -> Iterator[str]:
    """Yield why a command, such as ``animate --fps 25``, cannot be given."""
    own = re.split(r"[#|&;]", line)[0]
    name = own.split()[0]
    command = _find(name)
    if command is None:
        yield f"no command {name}"
        return
    known = {option for parameter in command.params for option in _spellings(parameter)}
    yield from (f"no option {option}" for option in _OPTION.findall(own) if option not in known)


def _spellings(parameter: click.Parameter) -> list[str]:
    return [*parameter.opts, *parameter.secondary_opts, "--help"]


def _find(name: str) -> click.Command | None:
    program = make_program()
    return program.get_command(click.Context(program), name)


def _help(name: str) -> str:
    command = _find(name)
    if command is None:
        logger.warning("no command %s", name)
        return ""
    context = click.Context(command, info_name=f"fomm {name}", max_content_width=96)
    return command.get_help(context)
