from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dealdesk.exceptions import (
    Filters,
    by_kind,
    by_month,
    choices,
    listed,
    ranked,
    records,
    summary,
)
from revops.remembering import remembering
from tests.factories.dealdesk import AT, HOUR, decide, make_quote, payment, submit, term
from tests.factories.people import make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(rep, vp, desk):
    """Three discounts (two approved, one rejected) and one SLA that waits."""
    for verdict in ("approved", "approved", "rejected"):
        decide(submit(make_quote(rep, 25)), vp, verdict, at=AT + 2 * HOUR)
    submit(make_quote(rep, terms=[term()]), at=AT + timedelta(days=40))


def test_ranked_by_how_often_it_is_asked(asked, auditor):
    first, second = ranked(auditor, Filters())

    assert (first.label, first.requests, first.deals) == ("Discount 20 to 40 %", 3, 3)
    assert first.approval_percent == Decimal("66.7")
    assert first.hours == Decimal("2.0")
    assert first.stake == Decimal("7500.00")
    assert (second.label, second.approval_percent) == ("Custom SLA", None)


def test_a_zero_approval_rate_stands_above_none(asked, rep, vp, auditor):
    decide(submit(make_quote(rep, 15)), rep.manager, "rejected")

    labels = [row.label for row in ranked(auditor, Filters(), "approval_rate")]

    assert labels == ["Discount 20 to 40 %", "Discount 10 to 20 %", "Custom SLA"]


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        (Filters(kind="discount"), 3),
        (Filters(outcome="rejected"), 1),
        (Filters(tier="deal_desk"), 1),
        (Filters(since=date(2026, 11, 3), until=date(2026, 11, 3)), 3),
        (Filters(since=date(2026, 11, 4)), 1),
        (Filters(segment="enterprise"), 0),
        (Filters(label="Custom SLA"), 1),
    ],
)
def test_filtered(asked, auditor, filters, count):
    assert records(auditor, filters).count() == count


def test_filtered_by_team(asked, auditor, team):
    assert records(auditor, Filters(team=team.pk)).count() == 4


def test_nobody_sees_more_than_their_deals(asked, rep, other_rep):
    assert records(rep, Filters()).count() == 4
    assert records(other_rep, Filters()).count() == 0


def test_the_summary_counts_requests_once(rep, desk, vp, auditor):
    submit(make_quote(rep, 25, terms=[term()], payment_terms=payment("net-60")))

    found = summary(auditor, Filters())

    assert (found.requests, found.exceptions, found.pending) == (1, 3, 3)


def test_months_and_kinds(asked, auditor):
    assert [(month, outcome) for month, outcome, _ in by_month(auditor, Filters())] == [
        (date(2026, 11, 1), "approved"),
        (date(2026, 11, 1), "rejected"),
        (date(2026, 12, 1), "pending"),
    ]
    assert [(kind, number) for kind, number, _ in by_kind(auditor, Filters())] == [
        ("discount", 3),
        ("catalogue", 1),
    ]
    assert choices(auditor).tiers == ["deal_desk", "vp_sales"]


def test_queries_do_not_grow_with_rows(
    asked, rep, auditor, vp, django_assert_num_queries, django_assert_max_num_queries
):
    auditor.roles  # noqa: B018  (read once a request)
    with django_assert_max_num_queries(4) as few:
        list(listed(auditor, Filters()))
    for _ in range(3):
        decide(submit(make_quote(rep, 25)), vp)
    with django_assert_num_queries(len(few)):
        list(listed(auditor, Filters()))
    with remembering(), django_assert_num_queries(3):
        ranked(auditor, Filters())


def test_answers_are_kept_until_the_register_changes(asked, rep, vp, auditor):
    before = ranked(auditor, Filters())
    with CaptureQueriesContext(connection) as again:
        assert ranked(auditor, Filters()) == before

    assert not [q for q in again if "COUNT" in q["sql"]]

    decide(submit(make_quote(rep, 25)), vp)

    assert ranked(auditor, Filters()) != before


def test_nobody_is_given_the_answer_to_another(asked, auditor):
    everything = summary(auditor, Filters()).exceptions

    assert everything > 0
    assert summary(make_person("Vera Other", roles=["vp_sales"]), Filters()).exceptions == 0
