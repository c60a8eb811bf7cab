"""What of earlier approvals stands when terms are submitted again, and approvals nobody used."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from dealdesk.carrying import given_in, last_attempt
from dealdesk.coverage import cover_of
from dealdesk.operations import (
    lapse_approvals,
    preview_quote,
    publish_policy,
    revise_quote,
    save_quote,
)
from dealdesk.presets import AS_IN_THE_SOURCES
from pipeline.models import Deal
from revops.outbox.models import Notification
from tests.factories.dealdesk import AT, HOUR, decide, line, make_quote, slot_of, submit, term
from tests.factories.people import by

pytestmark = pytest.mark.django_db


def again(request, rep, off, at, **facts):
    """Submit a revision with another discount."""
    draft = revise_quote(quote=request.quote, by=by(rep), at=at)
    key = draft.lines.get().key
    save_quote(quote=draft, lines=[line(off, key=key)], by=by(rep), at=at, **facts)
    draft.refresh_from_db()
    return draft


def test_only_the_topic_that_worsened_asks_again(rep, vp, desk):
    first = submit(make_quote(rep, 25))
    decide(first, vp)
    draft = again(first, rep, 25, AT + 2 * HOUR, terms=[term()])

    preview = preview_quote(quote=draft, by=by(rep), at=AT + 2 * HOUR)
    assert preview.stands == ("Vera's approval of today stands; only the deal desk is asked.",)
    second = submit(draft, at=AT + 2 * HOUR)

    assert slot_of(second, vp).carried_from == slot_of(first, vp).decision
    assert slot_of(second, desk).state == "requested"


def test_what_no_longer_holds_says_why(rep, vp):
    first = submit(make_quote(rep, 25))
    decide(first, vp)
    draft = again(first, rep, 30, AT + 2 * HOUR)

    [said] = preview_quote(quote=draft, by=by(rep), at=AT + 2 * HOUR).falls

    assert said.startswith("Vera's approval of today does not reach this far.")
    assert "from 25 % to 30 %" in said


def test_a_tolerance_does_not_add_up(rep, vp, desk, revops):
    """Two points twice are four: the second is held against what the VP judged herself."""
    policy = replace(AS_IN_THE_SOURCES, version="t", tolerance_percent=Decimal(2))
    publish_policy(policy=policy, label="Tolerant", by=by(revops), at=AT)
    first = submit(make_quote(rep, 25))
    decide(first, vp)
    second = submit(again(first, rep, 27, AT + HOUR, terms=[term()]), at=AT + HOUR)
    assert slot_of(second, vp).state == "carried_forward"

    third = submit(again(second, rep, 29, AT + 2 * HOUR, terms=[term()]), at=AT + 2 * HOUR)

    assert slot_of(third, vp).state == "requested"


def test_an_approval_answers_for_lower_roles(rep, vp, manager, desk):
    first = submit(make_quote(rep, 25))
    decide(first, vp)

    second = submit(again(first, rep, 15, AT + HOUR, terms=[term()]), at=AT + 2 * HOUR)

    slot = slot_of(second, vp)
    assert (slot.state, slot.role) == ("carried_forward", "sales_manager")
    assert slot_of(second, desk).state == "requested"


def test_an_approval_nobody_used_lapses_once(rep, vp):
    request = submit(make_quote(rep, 25))
    decide(request, vp)
    over = AT + HOUR + timedelta(days=30)

    assert not cover_of(request.deal, over).ok
    assert lapse_approvals(at=over - HOUR) == []
    assert lapse_approvals(at=over + timedelta(days=3)) == [request.pk]
    assert lapse_approvals(at=over + timedelta(days=4)) == []

    request.refresh_from_db()
    assert request.status == "lapsed"
    assert Notification.objects.filter(person=rep, event="approval.settled").count() == 2
    deal = Deal.objects.get()
    assert (deal.approval_ends_at, deal.approval_voided) == (over, False)
    assert "was good until" in cover_of(deal, over).sentence


def test_what_is_carried_is_read_without_asking_for_each_decision(
    rep, vp, desk, finance, legal, django_assert_max_num_queries
):
    request = submit(make_quote(rep, 25, terms=[term()], term_months=24))
    for person in (vp, desk, finance, legal):
        decide(request, person)

    last = last_attempt(request.quote)
    with django_assert_max_num_queries(1):
        found = given_in(last)

    assert len(found) == 4
