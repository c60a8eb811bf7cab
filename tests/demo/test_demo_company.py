"""The demo company once it is loaded; it is loaded once for all of this."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F

from dealdesk.demo.drafting import SEGMENTS, spelled_facts
from dealdesk.demo.inventing import Chunk
from dealdesk.demo.loading import world_of
from dealdesk.demo.tables import tables
from dealdesk.models import ApprovalRequest, Quote
from pipeline.models import Deal
from revops.ledger.chain import facts_json
from revops.people.models import Role, User
from revops.refusals import Refused
from tests.demo.conftest import AT, load

pytestmark = pytest.mark.django_db


def test_everybody_can_sign_in_with_the_known_password(demo):
    people = User.objects.admitted()

    assert {role for person in people for role in person.roles} == set(Role.values)
    assert all(person.check_password("known to all") for person in people[:3])
    rita = people.get(email="rita.santos@tallowmere.example")
    assert [boss.short_name for boss in User.objects.above(rita)] == ["Marc", "Ana"]


def test_a_database_with_deals_is_refused(demo):
    with pytest.raises(Refused, match="an empty one only"):
        load()

    assert Deal.objects.count() == 30


def test_the_command_says_why_it_refuses(demo):
    with pytest.raises(CommandError, match="There are deals in this database"):
        call_command("load_demo", deals=5)


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
