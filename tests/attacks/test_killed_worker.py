"""A worker killed in the middle of a delivery: the mail comes all the same, as the same mail."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from email import message_from_bytes
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DEADLINE = 90

TELL_ANA = """
from django.db import transaction
from django.utils import timezone
from revops.outbox.operations import notify
from tests.foundation import make_person
with transaction.atomic():
    ana = make_person("Ana Ruiz")
    notify(ana, "person.admitted", about=ana, dedupe_key="once", at=timezone.now(),
           context={"company": "Tailwind", "admitted_by": "Bo"})
"""
SWEEP = "from revops.outbox.tasks import sweep_outbox; sweep_outbox.delay()"


class SlowServer:
    """Has every word of the first mail, and does not say so before the worker is dead."""

    def __init__(self) -> None:
        self.messages, self.arrived = [], threading.Event()

    async def handle_DATA(self, server, session, envelope):
        import asyncio

        self.messages.append(message_from_bytes(envelope.content))
        self.arrived.set()
        if len(self.messages) == 1:
            await asyncio.sleep(8)
        return "250 Kept"


pytestmark = pytest.mark.process


@pytest.fixture
def slow_server():
    import socket

    from aiosmtpd.controller import Controller

    server = SlowServer()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(server, hostname="127.0.0.1", port=port)
    controller.start()
    server.port = port
    yield server
    controller.stop()


@pytest.fixture
def environment(tmp_path, slow_server):
    return {
        "PATH": os.environ["PATH"],
        "DEBUG": "1",
        "VAR_DIR": str(tmp_path),
        "DATABASE_URL": f"sqlite:///{tmp_path}/killed.sqlite3",
        "EMAIL_URL": f"smtp://127.0.0.1:{slow_server.port}",
        "PYTHONPATH": str(ROOT),
    }


@pytest.fixture
def worker(environment):
    """Starts a real worker; whatever still runs in the end is killed."""
    started = []

    def start():
        command = [sys.executable, "-m", "celery", "--quiet", "-A", "revops", "worker"]
        command += ["--pool", "solo", "--without-gossip", "--without-mingle"]
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def manage(environment, *command):
    subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=ROOT,
        env=environment,
        check=True,
        stdout=subprocess.DEVNULL,
        timeout=DEADLINE,
    )


def ask(path, sql):
    with sqlite3.connect(path, timeout=20) as connection:
        found = connection.execute(sql).fetchall()
    connection.close()
    return found


def wait_for(happened):
    until = time.monotonic() + DEADLINE
    while not happened():
        assert time.monotonic() < until
        time.sleep(0.1)


def test_a_mail_arrives_though_its_worker_was_killed(environment, worker, slow_server, tmp_path):
    database = tmp_path / "killed.sqlite3"
    manage(environment, "migrate", "-v0")
    first = worker()
    manage(environment, "shell", "--no-imports", "-c", TELL_ANA)
    assert slow_server.arrived.wait(DEADLINE)
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    assert ask(database, "SELECT state FROM outbox_delivery") == [("sending",)]

    # The claim ends by itself after five minutes; here they are over now.
    ask(database, "UPDATE outbox_delivery SET claimed_until = '2020-01-01 00:00:00'")
    worker()
    manage(environment, "shell", "--no-imports", "-c", SWEEP)
    wait_for(lambda: ask(database, "SELECT state FROM outbox_delivery") == [("sent",)])

    one, two = slow_server.messages
    assert one["Message-ID"] == two["Message-ID"]
    assert ask(database, "SELECT attempts FROM outbox_delivery") == [(2,)]
