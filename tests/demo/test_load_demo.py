from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models import F

from dealdesk.demo import cast
from dealdesk.demo.drafting import SEGMENTS, spelled_facts
from dealdesk.demo.inventing import Chunk
from dealdesk.demo.loading import world_of
from dealdesk.demo.names import ACCOUNTS_THERE_ARE, account_name
from dealdesk.demo.tables import tables
from dealdesk.models import ApprovalRequest, ApprovalSlot, ExceptionRecord, Quote, TermsSnapshot
from pipeline.models import Deal, StageRollup
from revops.company.models import Company
from revops.integrity import findings
from revops.ledger.chain import facts_json
from revops.ledger.models import Checkpoint, Entry
from revops.ledger.verification import verify
from revops.people.models import Role, User
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
def test_everybody_can_sign_in_with_the_known_password(demo):
    people = User.objects.admitted()

    assert {role for person in people for role in person.roles} == set(Role.values)
    assert all(person.check_password("known to all") for person in people[:3])
    rita = people.get(email="rita.santos@tallowmere.example")
    assert [boss.short_name for boss in User.objects.above(rita)] == ["Marc", "Ana"]


@pytest.mark.django_db
def test_without_a_password_nobody_can_sign_in():
    from dealdesk.demo.loading import load_demo
    from revops.people.actor import Actor

    load_demo(deals=2, seed=1, password="", by=Actor.system(), at=AT)

    assert not any(person.has_usable_password() for person in User.objects.all())


@pytest.mark.django_db
def test_a_database_with_deals_is_refused(demo):
    with pytest.raises(Refused, match="an empty one only"):
        load()

    assert Deal.objects.count() == 30


@pytest.mark.django_db
def test_the_command_says_why_it_refuses(demo):
    with pytest.raises(CommandError, match="There are deals in this database"):
        call_command("load_demo", deals=5)


@pytest.mark.django_db
def test_another_company_is_not_renamed():
    company = Company.get()
    company.name, company.set_up_at = "Acme", AT
    company.save()

    with pytest.raises(Refused, match="set up for Acme"):
        load()


@pytest.fixture
def world(demo):
    people = {person.email: person for person in User.objects.all()}
    return world_of(people, seed=7, at=AT)


def test_chunks_do_not_depend_on_who_invents_them(world):
    first, again = Chunk(world, 3, 60).invent(), Chunk(world, 3, 60).invent()

    assert first == again
    assert Chunk(world, 4, 60).invent() != first


def test_the_mix_is_what_the_measurements_assume(world):
    size = 2000
    rows = Chunk(world, 1, size).invent()
    deals = tables()["deal"].columns
    status = Counter(row[deals.index("status")] for row in rows["deal"])
    ended = tables()["request"].columns.index("status")
    decided = {
        row[tables()["request"].columns.index("deal_id")]
        for row in rows["request"]
        if row[ended] in ("approved", "consumed", "rejected")
    }

    assert 3.8 <= len(rows["visit"]) / size <= 4.2
    assert 0.95 <= len(rows["quote"]) / size <= 1.1
    assert 0.28 <= len(decided) / size <= 0.36
    assert 0.2 <= status["won"] / (status["won"] + status["lost"]) <= 0.3


def test_rows_survive_the_text_of_copy(world):
    table = tables()["activity"]
    row = (1, 2, "note", "us", AT, "a\tb\\c\nd", None, AT)

    text = table.copy_text([row]).decode()

    assert text == f"1\t2\tnote\tus\t{AT.isoformat()}\ta\\tb\\\\c\\nd\t\\N\t{AT.isoformat()}\n"


def test_facts_are_spelled_as_the_ledger_spells_them(world):
    from decimal import Decimal

    before = {"close_date": AT.date(), "n": 3}
    after = {
        "amount": Decimal("1200.50"),
        "at": AT,
        "role": Role.LEGAL,
        "skipped": ("discovery",),
        "none": None,
        "name": "Ærøskøbing „Plan“",
    }
    related = [("quote", 7), ("deal", 3)]

    spelled = spelled_facts(before, after, "because", related, {"name": "ab"})

    assert spelled == facts_json(
        before=before, after=after, why="because", related=related, personal={"name": "ab"}
    )


def test_no_two_accounts_share_a_name():
    names = {account_name(number)[0] for number in range(20_000)}

    assert len(names) == 20_000 < ACCOUNTS_THERE_ARE


def test_the_cast_has_one_address_each():
    assert len({person.email for person in cast.CAST}) == len(cast.CAST)
    assert all(person.email.isascii() for person in cast.CAST)


@pytest.mark.django_db
def test_history_is_in_order(demo):
    for deal in Deal.objects.prefetch_related("visits"):
        moments = [visit.entered_at for visit in deal.visits.all()]
        assert moments == sorted(moments)
        assert moments[0] == deal.created_at
    assert not Quote.objects.filter(submitted_at__lt=F("created_at")).exists()
    decided = ApprovalRequest.objects.exclude(decided_at=None)
    assert not decided.filter(decided_at__lt=F("submitted_at")).exists()
    used = ApprovalRequest.objects.filter(status="consumed")
    assert not used.filter(consumed_at__lt=F("decided_at")).exists()
    assert not used.filter(consumed_at__gt=F("valid_until") + timedelta(days=90)).exists()


def test_every_segment_has_its_offers(world):
    assert set(Chunk(world, 0, 2).shapes) == set(SEGMENTS)
