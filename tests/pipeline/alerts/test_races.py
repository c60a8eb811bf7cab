"""Two sweeps at once tell each thing once."""

from threading import Barrier, Thread

import pytest
from django.db import connection

from pipeline.models import FindingAlert
from revops.outbox.models import Notification
from revops.people.models import User
from revops.work.models import Task
from tests.pipeline.alerts.telling import DAY, STALE_AT, START, digests, stale_deal, sweep

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]


def at_once(*acts) -> list[BaseException]:
    """Run the acts together, each on a connection of its own; return what they raised."""
    barrier, failures = Barrier(len(acts)), []

    def run(act):
        try:
            barrier.wait()
            act()
        except BaseException as failure:
            failures.append(failure)
        finally:
            connection.close()

    threads = [Thread(target=run, args=[act]) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures


def test_two_sweeps_at_once_tell_each_finding_once(rep, manager):
    for number in range(25):
        stale_deal(rep, f"Deal {number}")

    failures = at_once(lambda: sweep(batch=4), lambda: sweep(batch=7), lambda: sweep(batch=50))

    assert failures == []
    assert FindingAlert.objects.count() == 25
    assert Task.objects.filter(kind="update_or_close").count() == 25
    notices = Notification.objects.filter(event="finding.found", person=rep)
    assert sum(notice.context["count"] for notice in notices) == 25

    failures = at_once(*[lambda: sweep(STALE_AT + 7 * DAY)] * 2)

    assert failures == []
    assert FindingAlert.objects.filter(escalates=True, person=manager).count() == 25


def test_two_senders_at_once_send_a_digest_once(rep):
    stale_deal(rep)
    User.objects.update(admitted_at=START.replace(year=2025))

    failures = at_once(*[lambda: digests(START + 21 * DAY)] * 3)

    assert failures == []
    assert Notification.objects.filter(event="digest.weekly", person=rep).count() == 1
