"""The mail server of development: accepts everything, sends nothing on, keeps the last of it."""

import itertools
import socket
import time
from pathlib import Path

KEPT = 500


class Keeper:
    """Writes each message it receives to a file of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.numbers = itertools.count(1)
        folder.mkdir(parents=True, exist_ok=True)

    async def handle_DATA(self, server, session, envelope):
        name = f"{time.time_ns()}-{next(self.numbers)}.eml"
        (self.folder / name).write_bytes(envelope.content)
        for old in sorted(self.folder.glob("*.eml"))[:-KEPT]:
            old.unlink(missing_ok=True)
        return "250 Kept"


def start_mail_server(folder: Path):
    """A running server, for the caller to stop, and its port."""
    from aiosmtpd.controller import Controller

    # The controller cannot report a port that the system chose, so one is chosen for it.
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(Keeper(folder), hostname="127.0.0.1", port=port)
    controller.start()
    return controller, port
