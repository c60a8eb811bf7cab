from datetime import date
from decimal import Decimal

import pytest

from pipeline.models import Quota
from pipeline.operations import reassign_deal
from pipeline.reports.scope import Scope
from tests.factories.people import AT, SYSTEM, make_person
from tests.factories.pipeline import make_deal, new_business

pytestmark = pytest.mark.django_db

DAY = date(2026, 11, 3)


def line(person):
    return Scope(new_business(), DAY, DAY, AT, reader=person).line


@pytest.fixture
def stranger():
    return make_person("Otto Other", roles=["rep"])


def test_who_leads_everybody_counts_everybody(rep, vp):
    make_deal(rep)

    assert line(vp) is None


def test_a_deal_of_somebody_else_is_not_counted(rep, vp, stranger):
    make_deal(rep)
    make_deal(stranger, "Elsewhere")

    assert rep.pk in line(vp)
    assert stranger.pk not in line(vp)


def test_a_deal_that_somebody_else_had_keeps_the_line_apart(rep, vp, stranger):
    reassign_deal(deal=make_deal(stranger), owner=rep, reason="Moves", by=SYSTEM, at=AT)

    assert line(vp) is not None


def test_a_quota_of_somebody_else_keeps_the_line_apart(rep, vp, stranger):
    Quota.objects.create(
        person=stranger, starts_on=DAY, ends_on=DAY, amount=Decimal(1), currency="EUR"
    )

    assert line(vp) is not None


def test_a_rep_counts_their_own(rep, other_rep):
    make_deal(other_rep)

    assert line(rep) == {rep.pk}
