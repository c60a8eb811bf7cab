"""The broker of a machine that has none: files in a folder, each there whole or not at all.

Kombu's own opens a message under its final name and writes it afterwards; a worker that looks
in between reads an empty one and ends, and `make run` with it.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Any
from uuid import uuid4

from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.utils.json import dumps


class Channel(filesystem.Channel):
    # Kombu calls it message in one class and payload in the next.
    def _put(self, queue: str, *message: Any, **kwargs: Any) -> None:
        stem = f"{round(filesystem.monotonic() * 1000)}_{uuid4()}"
        write_whole(Path(self.data_folder_out) / f"{stem}.{queue}.msg", dumps(*message))

    def _queue_bind(self, exchange: str, routing_key: str, pattern: str, queue: str) -> None:
        bound = filesystem.exchange_queue_t(routing_key or "", pattern or "", queue or "")
        # Worker and beat begin together, and neither may forget what the other bound.
        with open(self.control_folder / "binding", "w") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            known = self.get_table(exchange)
            if bound not in known:
                write_whole(self._exchange_file(exchange), dumps([bound, *known]))


class Transport(filesystem.Transport):
    Channel = Channel


def write_whole(path: Path, text: str) -> None:
    # Nobody looks at names that end like this.
    unfinished = path.with_name(f"{uuid4()}.part")
    unfinished.write_text(text, encoding="utf-8")
    os.replace(unfinished, path)


def register() -> None:
    """Let addresses that begin with filesystem:// mean this transport."""
    TRANSPORT_ALIASES["filesystem"] = f"{__name__}:Transport"
