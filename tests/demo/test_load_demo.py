from __future__ import annotations

from collections import Counter

import pytest
from django.db import transaction

from dealdesk.demo import cast
from dealdesk.demo.names import ACCOUNTS_THERE_ARE, account_name
from dealdesk.models import ApprovalRequest, ApprovalSlot, ExceptionRecord, Quote, TermsSnapshot
from pipeline.models import Deal, StageRollup
from revops.company.models import Company
from revops.integrity import findings
from revops.ledger.models import Checkpoint, Entry
from revops.ledger.verification import verify
from revops.people.models import User
from revops.refusals import Refused
from tests.demo.conftest import AT, load


def seen() -> list:
    """What the database says, without the numbers that a sequence gave."""
    return [
        list(
            Deal.objects.order_by("pk").values_list(
                "name", "status", "stage__key", "owner__email", "amount", "close_date", "created_at"
            )
        ),
        list(Quote.objects.order_by("pk").values_list("revision", "net_amount", "created_at")),
        list(ApprovalRequest.objects.order_by("pk").values_list("route_key", "status", "why")),
        list(TermsSnapshot.objects.order_by("pk").values_list("digest", "body")),
        list(ApprovalSlot.objects.order_by("pk").values_list("person__email", "state", "due_at")),
        list(Entry.objects.filter(subject_type="deal").order_by("pk").values_list("verb", "at")),
    ]


@pytest.mark.django_db
def test_the_same_seed_and_moment_give_the_same_company():
    told = []
    for seed in (7, 7, 8):
        before = transaction.savepoint()
        load(deals=20, seed=seed)
        told.append(seen())
        transaction.savepoint_rollback(before)

    assert told[0] == told[1]
    assert told[0] != told[2]


@pytest.mark.django_db
def test_three_hundred_deals_are_true():
    loaded = load(deals=300)

    report = verify()
    assert report.is_intact, report.problems
    assert report.unsealed == 0
    assert findings() == []
    assert Deal.objects.count() == loaded.deals == 300
    assert Checkpoint.objects.count() == 1
    stages = Counter(Deal.objects.values_list("stage__key", flat=True))
    assert len(stages) == 7
    assert sum(StageRollup.objects.values_list("count", flat=True)) == 300
    waiting = ApprovalSlot.objects.open()
    assert waiting.filter(due_at__lt=AT).exists()
    assert waiting.filter(due_at__gt=AT).exists()
    assert {"approved", "rejected", "pending"} <= set(
        ExceptionRecord.objects.values_list("outcome", flat=True)
    )
    assert not Deal.objects.filter(created_at__gte=AT).exists()


@pytest.mark.django_db
def test_without_a_password_nobody_can_sign_in():
    from dealdesk.demo.loading import load_demo
    from revops.people.actor import Actor

    load_demo(deals=2, seed=1, password="", by=Actor.system(), at=AT)

    assert not any(person.has_usable_password() for person in User.objects.all())


@pytest.mark.django_db
def test_another_company_is_not_renamed():
    company = Company.get()
    company.name, company.set_up_at = "Acme", AT
    company.save()

    with pytest.raises(Refused, match="set up for Acme"):
        load()


def test_no_two_accounts_share_a_name():
    names = {account_name(number)[0] for number in range(20_000)}

    assert len(names) == 20_000 < ACCOUNTS_THERE_ARE


def test_the_cast_has_one_address_each():
    assert len({person.email for person in cast.CAST}) == len(cast.CAST)
    assert all(person.email.isascii() for person in cast.CAST)
