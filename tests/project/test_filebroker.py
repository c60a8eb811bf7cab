"""The broker of a machine without one: what is read is whole."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from kombu import Connection

from revops import filebroker


@pytest.fixture
def broker(tmp_path):
    for folder in ("queue", "control"):
        (tmp_path / folder).mkdir()
    filebroker.register()
    options = {
        "data_folder_in": str(tmp_path / "queue"),
        "data_folder_out": str(tmp_path / "queue"),
        "control_folder": str(tmp_path / "control"),
    }
    with Connection("filesystem://", transport_options=options) as connection:
        yield connection


def test_what_is_sent_is_taken_once(broker):
    queue = broker.SimpleQueue("jobs")
    queue.put({"pk": 12})

    message = queue.get(timeout=2)
    message.ack()

    assert message.payload == {"pk": 12}
    assert queue.qsize() == 0


def test_a_message_has_its_name_only_when_it_is_whole(broker, monkeypatch):
    seen = []

    def replace(unfinished, path):
        assert Path(unfinished).read_text()
        seen.append(not Path(path).exists())
        os.rename(unfinished, path)

    monkeypatch.setattr(filebroker.os, "replace", replace)
    broker.SimpleQueue("chores").put({"pk": 12})

    assert seen
    assert all(seen)


def test_what_two_processes_bind_is_kept(broker):
    first, second = broker.channel(), broker.channel()

    for channel, name in ((first, "one"), (second, "two"), (first, "one")):
        channel._queue_bind("jobs", name, "", name)

    assert {entry.queue for entry in first.get_table("jobs")} == {"one", "two"}
