"""Real threads on PostgreSQL: two writers of one chain, and a writer against the seal."""

import threading

import pytest
from django.db import connection, transaction

from revops.ledger.models import Checkpoint
from revops.ledger.operations import record, seal_checkpoint
from revops.ledger.verification import verify
from tests.foundation import AT, SYSTEM, make_person

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def start(work) -> threading.Thread:
    def run():
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_writers_of_one_subject_queue_up():
    with transaction.atomic():
        ana = make_person("Ana Ruiz")

    def write():
        for _ in range(10):
            with transaction.atomic():
                record("deal.advanced", ana, by=SYSTEM, at=AT)

    for thread in [start(write) for _ in range(4)]:
        thread.join()

    report = verify()
    assert report.is_intact
    assert report.entries == 41


def test_a_seal_waits_for_the_writer_at_work():
    with transaction.atomic():
        ana = make_person("Ana Ruiz")
    sealing = threading.Event()

    def seal():
        sealing.set()
        seal_checkpoint(at=AT)

    with transaction.atomic():
        record("deal.advanced", ana, by=SYSTEM, at=AT)
        thread = start(seal)
        sealing.wait()
        thread.join(timeout=0.5)
        assert thread.is_alive()

    thread.join()
    assert Checkpoint.objects.get().entry_count == 2
