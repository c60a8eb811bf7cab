"""Two sweeps at once tell each thing once."""

import pytest

from pipeline.models import FindingAlert
from revops.outbox.models import Notification
from revops.people.models import User
from revops.work.models import Task
from tests.pipeline.alerts.telling import DAY, STALE_AT, START, digests, stale_deal, sweep
from tests.racing import at_once, refused

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]


def test_two_sweeps_at_once_tell_each_finding_once(rep, manager):
    for number in range(25):
        stale_deal(rep, f"Deal {number}")

    results = at_once(lambda: sweep(batch=4), lambda: sweep(batch=7), lambda: sweep(batch=50))

    assert refused(results) == []
    assert FindingAlert.objects.count() == 25
    assert Task.objects.filter(kind="update_or_close").count() == 25
    notices = Notification.objects.filter(event="finding.found", person=rep)
    assert sum(notice.context["count"] for notice in notices) == 25

    results = at_once(*[lambda: sweep(STALE_AT + 7 * DAY)] * 2)

    assert refused(results) == []
    assert FindingAlert.objects.filter(escalates=True, person=manager).count() == 25


def test_two_senders_at_once_send_a_digest_once(rep):
    stale_deal(rep)
    User.objects.update(admitted_at=START.replace(year=2025))

    results = at_once(*[lambda: digests(START + 21 * DAY)] * 3)

    assert refused(results) == []
    assert Notification.objects.filter(event="digest.weekly", person=rep).count() == 1
