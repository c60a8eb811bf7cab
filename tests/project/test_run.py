"""`make run` as a newcomer meets it: it answers, it stops, it leaves nothing behind."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

pytestmark = pytest.mark.process

ROOT = Path(__file__).parents[2]
DEADLINE = 90


@pytest.fixture
def environment(tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return {
        "PATH": os.environ["PATH"],
        "DEBUG": "1",
        "DEMO": "0",
        "PORT": str(port),
        "VAR_DIR": str(tmp_path),
        "PYTHONUNBUFFERED": "1",
    }


def start(environment):
    return subprocess.Popen(
        [sys.executable, "manage.py", "run"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def lines_until_ready(process):
    lines = []
    for line in process.stdout:
        lines.append(line.strip())
        if line.startswith("Ready:"):
            return lines
    raise AssertionError("\n".join(lines))


def status_of(path, port):
    with closing(http.client.HTTPConnection("127.0.0.1", int(port), timeout=10)) as connection:
        connection.request("GET", path)
        with connection.getresponse() as response:
            return response.status


def children_of(pid):
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True)
    return [int(child) for child in found.stdout.split()]


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_site_answers_when_ready_and_stops_with_all_its_children(environment, how):
    process = start(environment)
    try:
        ready = lines_until_ready(process)[-1]
        assert ready == f"Ready: http://127.0.0.1:{environment['PORT']}"
        assert status_of("/setup/", environment["PORT"]) == 200
        children = children_of(process.pid)
        assert len(children) == 3
    finally:
        for _ in range(5):  # Somebody leans on Ctrl-C.
            process.send_signal(how)
        process.communicate(timeout=DEADLINE)

    assert process.returncode == 0
    assert [child for child in children if is_alive(child)] == []


def test_end_of_one_child_ends_the_whole(environment):
    process = start(environment)
    lines_until_ready(process)

    os.kill(children_of(process.pid)[-1], signal.SIGKILL)
    rest, _ = process.communicate(timeout=DEADLINE)

    assert process.returncode == 1
    assert "ended by itself" in rest


def test_taken_port_is_named_at_once(environment):
    with socket.socket() as other:
        other.bind(("127.0.0.1", int(environment["PORT"])))
        other.listen()
        began = time.monotonic()
        process = start(environment)
        output, _ = process.communicate(timeout=DEADLINE)

    assert process.returncode == 1
    assert f"Port {environment['PORT']} is taken" in output
    assert time.monotonic() - began < 30
