"""Bugs that other systems had, tried here: what is missed, and what is told too early."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.db import transaction

from dealdesk.operations import expire_requests
from revops.ledger.models import Entry
from revops.outbox.models import Delivery
from revops.outbox.tasks import sweep_outbox
from revops.refusals import Conflict
from tests.attacks.red_team.doing import fresh
from tests.factories.dealdesk import AT, decide, make_quote, submit

pytestmark = pytest.mark.django_db


def test_scheduler_dead_for_3_days(request_, rep, clock):
    """What was missed is done once: mails, expiry and their retries."""
    sweep_outbox()
    first = len(mail.outbox)
    clock.shift(timedelta(days=3))
    for _ in range(3):
        sweep_outbox()
        expire_requests(at=AT + timedelta(days=3))
    assert len(mail.outbox) == first
    assert fresh(request_).status == "pending"

    clock.shift(timedelta(days=30))
    for _ in range(3):
        expire_requests(at=AT + timedelta(days=33))
        sweep_outbox()
    ended = list(mail.outbox[first:])

    assert fresh(request_).status == "expired"
    assert len(ended) == len({(message.to[0], message.subject) for message in ended})
    assert Entry.objects.filter(verb="approval.expired").count() == 1


@pytest.mark.django_db(transaction=True)
def test_lock_released_before_commit(rep, vp, monkeypatch):
    """No worker is told of a delivery before it can be read."""
    from revops.outbox import tasks

    seen = []
    monkeypatch.setattr(
        tasks.deliver, "delay", lambda pk: seen.append(Delivery.objects.filter(pk=pk).exists())
    )
    with transaction.atomic():
        assert seen == []
    request = submit(make_quote(rep, 25))
    assert seen
    assert all(seen)

    told = len(seen)
    with pytest.raises(Conflict):
        decide(request, vp, digest="0" * 64)
    assert len(seen) == told
