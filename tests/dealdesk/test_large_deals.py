"""The desk hears of large deals as they reach the stage of proposals."""

from dataclasses import replace
from decimal import Decimal

import pytest

from dealdesk.inputs import policy_in_force
from dealdesk.operations import publish_policy
from dealdesk.policy import SizeAxis, SizeMode
from pipeline import registry
from pipeline.operations import advance_deal, skip_deal
from revops.outbox.bodies import render
from revops.outbox.models import Notification
from tests.factories.people import AT, SYSTEM, by
from tests.factories.pipeline import complete, make_deal, stage

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def gates_open(monkeypatch):
    """No approval is asked for here."""
    monkeypatch.setattr(registry, "_checks", [])


def deal_in_demo(rep, amount, **facts):
    return complete(make_deal(rep, stage="demo", amount=Decimal(amount), **facts))


def told(person):
    return Notification.objects.filter(person=person, event="deal.large")


@pytest.mark.parametrize(("amount", "count"), [("25000", 0), ("25000.01", 1), ("900000", 1)])
def test_the_desk_is_told_above_the_limit(rep, desk, amount, count):
    advance_deal(deal=deal_in_demo(rep, amount), by=by(rep), at=AT)

    assert told(desk).count() == count
    assert not told(rep).exists()


@pytest.mark.parametrize(
    ("size", "count"),
    [
        (SizeAxis(threshold=Decimal(50_000)), 0),
        (SizeAxis(threshold=Decimal(20_000)), 1),
        (SizeAxis(mode=SizeMode.OFF), 0),
    ],
)
def test_what_is_large_is_what_the_policy_says(rep, desk, size, count):
    policy = replace(policy_in_force()[1], size=size)
    publish_policy(policy=policy, label="Ours", note="", by=SYSTEM, at=AT)

    advance_deal(deal=deal_in_demo(rep, "30000"), by=by(rep), at=AT)

    assert told(desk).count() == count


def test_a_skip_into_proposal_is_told_too(rep, desk):
    deal = complete(make_deal(rep, amount=Decimal(30_000)))

    skip_deal(deal=deal, to=stage("proposal"), reason="They know us", by=by(rep), at=AT)

    assert told(desk).count() == 1


def test_an_amount_without_a_rate_is_told(rep, desk):
    advance_deal(deal=deal_in_demo(rep, "1", currency="JPY"), by=by(rep), at=AT)

    assert told(desk).count() == 1


def test_the_mail_names_deal_and_value(rep, desk):
    advance_deal(deal=deal_in_demo(rep, "30000"), by=by(rep), at=AT)

    body = render(told(desk).get())

    assert body.subject == "Acme rollout enters Proposal: $30,000.00 a year"
    assert "$30,000.00" in body.text
    assert rep.name in body.html
