"""Inventing deals in a process of its own. Imports nothing that needs Django to be ready."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dealdesk.demo.world import World

Written = tuple[dict[str, int], dict[str, bytes]]

_worlds: list[World] = []


def start(pickled_world: bytes) -> None:
    """Make the process ready; it never opens a connection to the database."""
    import django

    django.setup()
    _worlds.append(pickle.loads(pickled_world))


def chunk_text(number: int, size: int) -> Written:
    """The number of rows of one chunk by kind, and their text as COPY takes it."""
    from dealdesk.demo.inventing import Chunk
    from dealdesk.demo.tables import tables

    rows = Chunk(_worlds[-1], number, size).invent()
    texts = {kind: table.copy_text(rows[kind]) for kind, table in tables().items() if kind in rows}
    return {kind: len(found) for kind, found in rows.items()}, texts
