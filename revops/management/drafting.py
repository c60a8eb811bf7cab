"""What commands share that draft something from a file."""

import sys
from collections.abc import Callable
from typing import TypeVar

from django.core.management.base import BaseCommand, CommandError

from revops.yamlfiles import BadFile

Said = TypeVar("Said")


class DraftCommand(BaseCommand):
    """A command that reads a file, says what differs, and drafts it."""

    def add_arguments(self, parser):
        parser.add_argument("file", help="the file, or - for standard input")
        parser.add_argument(
            "--dry-run", action="store_true", help="say what differs; write nothing"
        )
        parser.add_argument(
            "--replace-draft", action="store_true", help="throw away the draft there is"
        )


def said_in(file: str, read: Callable[[str], Said]) -> Said:
    """What the file says, as `read` understands it. Raises CommandError with every fault."""
    try:
        return read(text_of(file))
    except BadFile as bad:
        raise CommandError("\n".join([f"{file} cannot be read:", *bad.faults])) from None


def text_of(file: str) -> str:
    if file == "-":
        return sys.stdin.read()
    try:
        with open(file, encoding="utf-8") as opened:
            return opened.read()
    except (OSError, UnicodeDecodeError) as fault:
        raise CommandError(f"{file} cannot be read: {fault}") from None
