"""Each kind of finding: when it stands, since when, and that the database finds the same deals."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.findings import (
    average_days,
    find,
    findings_for,
    findings_of,
    has_problem,
    kinds,
    read_context,
    stale_after,
)
from pipeline.models import ClosePush, Deal
from pipeline.stages import Rule, process_of
from tests.factories.people import AT
from tests.factories.pipeline import make_deal, new_business, put_into, stage

TODAY = AT.date()
FINE = {
    "next_step": "Call Bea",
    "missing_count": 0,
    "decision_maker_known": True,
    "buyer_acted_at": AT,
    "entered_stage_at": AT,
    "close_date": TODAY,
}


def standing(deal, at=AT):
    """The findings of the deal by their kind."""
    deal = Deal.objects.get(pk=deal.pk)
    return {finding.kind: finding for finding in findings_of(deal, read_context(at))}


def put(deal, **facts):
    Deal.objects.filter(pk=deal.pk).update(**{**FINE, **facts})
    return deal


@pytest.fixture
def deal(rep):
    return put(make_deal(rep))


def test_a_deal_that_is_looked_after_has_no_findings(deal):
    assert standing(deal) == {}


@pytest.mark.parametrize(
    ("facts", "kind", "severity", "since"),
    [
        ({"close_date": TODAY - timedelta(days=3)}, "past_close_date", "bad", -2),
        ({"entered_stage_at": AT - timedelta(days=20)}, "stale", "warn", -6),
        ({"buyer_acted_at": AT - timedelta(days=16)}, "buyer_silent", "warn", -2),
        ({"next_step": ""}, "no_next_step", "warn", 0),
        ({"stage_id": "demo", "decision_maker_known": False}, "no_decision_maker", "warn", 0),
        ({"missing_count": 2}, "items_missing", "info", 0),
        ({"debt_due_on": TODAY - timedelta(days=1)}, "debt_overdue", "bad", 0),
        ({"skipped_at": AT - timedelta(days=1)}, "stage_skipped", "info", -1),
    ],
)
def test_each_kind_stands_alone_since_its_day(deal, facts, kind, severity, since):
    facts = {**facts}
    if "stage_id" in facts:
        facts["stage_id"] = stage(facts["stage_id"]).pk

    found = standing(put(deal, **facts))

    assert list(found) == [kind]
    assert found[kind].severity == severity
    assert found[kind].since == TODAY + timedelta(days=since)
    assert found[kind].sentence.endswith(".")
    assert found[kind].act_label
    assert found[kind].act_url.startswith(f"/deals/{deal.pk}/")


def test_a_second_push_stands_since_it_was_made_until_it_is_reviewed(deal):
    put(deal, push_count=2)
    ClosePush.objects.create(
        deal=deal,
        from_date=TODAY,
        to_date=TODAY + timedelta(days=9),
        reason_key="budget",
        crosses_month=False,
        crosses_quarter=False,
        pushed_at=AT - timedelta(days=4),
    )

    assert standing(deal)["pushed"].since == TODAY - timedelta(days=4)

    put(deal, push_count=2, reviewed_pushes=2)
    assert standing(deal) == {}
    put(deal, push_count=3, reviewed_pushes=2)
    assert list(standing(deal)) == ["pushed"]


@pytest.mark.parametrize(
    "facts",
    [
        {"close_date": TODAY},
        {"close_date": None, "close_date_waived": True},
        {"entered_stage_at": AT - timedelta(days=14)},
        {"entered_stage_at": None},
        {"push_count": 1},
        {"decision_maker_known": False},
        {"missing_count": None},
        {"debt_due_on": TODAY},
        {"buyer_acted_at": AT - timedelta(days=14)},
    ],
)
def test_the_last_good_value_is_no_finding(deal, facts):
    assert standing(put(deal, **facts)) == {}


def test_a_buyer_who_never_said_anything_is_silent_since_the_deal_was_entered(deal):
    put(deal, buyer_acted_at=None)

    assert standing(deal, AT + timedelta(days=14)).keys() >= {"past_close_date"}
    assert "buyer_silent" not in standing(deal, AT + timedelta(days=14))
    assert "buyer_silent" in standing(deal, AT + timedelta(days=14, seconds=1))


def test_a_closed_deal_has_no_findings(deal):
    put(deal, status="won", closed_on=TODAY, next_step="", close_date=date(2020, 1, 1))

    assert standing(deal) == {}
    assert not Deal.objects.filter(has_problem(read_context(AT))).exists()


def test_the_worst_comes_first(deal):
    found = standing(put(deal, next_step="", missing_count=1, close_date=date(2020, 1, 1)))

    assert list(found) == ["past_close_date", "no_next_step", "items_missing"]
    assert [finding.is_problem for finding in found.values()] == [True, True, False]


def test_a_cosmetic_edit_does_not_make_a_stale_deal_fresh(deal):
    put(deal, entered_stage_at=AT - timedelta(days=20))
    Deal.objects.filter(pk=deal.pk).update(name="Another name", amount=5, pain_points="Quotes wait")

    assert "stale" in standing(deal)


def test_a_stage_goes_stale_after_twice_its_average_or_its_default():
    rule = Rule(1, "one", "One", 1, default_stale_days=14)

    assert stale_after(rule, 5.5) == 11
    assert stale_after(rule, None) == 14


def test_the_average_stay_needs_ten_completed_visits(rep):
    for number in range(9):
        put_into(make_deal(rep, f"Deal {number}"), "discovery", at=AT + timedelta(days=4))
    later = AT + timedelta(days=5)
    assert average_days(new_business(), later) == {}

    put_into(make_deal(rep, "Tenth"), "discovery", at=AT + timedelta(days=4))

    averages = average_days(new_business(), later + timedelta(hours=1))
    assert averages == {stage("qualified").pk: 4.0}
    limits = read_context(later + timedelta(hours=1)).limits
    assert limits[stage("qualified").pk] == 8


def test_stays_of_more_than_a_year_ago_do_not_count(rep):
    for number in range(10):
        put_into(make_deal(rep, f"Deal {number}"), "discovery", at=AT + timedelta(days=4))

    assert average_days(new_business(), AT + timedelta(days=380)) == {}


def moments(days):
    return st.one_of(
        st.none(),
        st.integers(-days, days).map(lambda number: AT + timedelta(hours=6 * number)),
    )


FACTS = st.fixed_dictionaries(
    {
        "status": st.sampled_from(["open", "open", "open", "won"]),
        "stage": st.sampled_from(["qualified", "discovery", "demo", "negotiation"]),
        "entered_stage_at": moments(120),
        "buyer_acted_at": moments(80),
        "created_at": st.integers(-80, 80).map(lambda number: AT + timedelta(hours=6 * number)),
        "close_date": st.integers(-3, 3).map(lambda days: TODAY + timedelta(days=days)),
        "push_count": st.integers(0, 3),
        "reviewed_pushes": st.integers(0, 3),
        "next_step": st.sampled_from(["", "Call"]),
        "missing_count": st.sampled_from([None, 0, 1]),
        "decision_maker_known": st.booleans(),
        "debt_due_on": st.one_of(
            st.none(), st.integers(-1, 1).map(lambda days: TODAY + timedelta(days=days))
        ),
        "skipped_at": moments(10),
    }
)


@given(rows=st.lists(FACTS, min_size=1, max_size=6), hour=st.integers(0, 23))
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_the_database_finds_what_judging_says(six_deals, rows, hour):
    at = datetime.combine(TODAY, AT.timetz()).replace(hour=hour)
    stages = {rule.key: rule.stage_id for rule in process_of(new_business()).rules}
    for deal, facts in zip(six_deals, rows, strict=False):
        facts = {**facts, "stage_id": stages[facts["stage"]]}
        del facts["stage"]
        facts["closed_on"] = None if facts["status"] == "open" else TODAY
        Deal.objects.filter(pk=deal.pk).update(**facts)
    context = read_context(at)
    deals = Deal.objects.filter(pk__in=[deal.pk for deal in six_deals])

    judged = findings_for(list(deals), context)

    for kind in kinds():
        found = set(find(deals, kind.key, context).values_list("pk", flat=True))
        said = {pk for pk, all_ in judged.items() if any(each.kind == kind.key for each in all_)}
        assert found == said, kind.key
    wrong = {pk for pk, all_ in judged.items() if any(each.is_problem for each in all_)}
    assert set(deals.filter(has_problem(context)).values_list("pk", flat=True)) == wrong


@pytest.fixture
def six_deals(rep):
    return [make_deal(rep, f"Deal {number}") for number in range(6)]


def test_the_number_of_queries_does_not_grow_with_the_deals(
    rep, six_deals, django_assert_max_num_queries
):
    context = read_context(AT)
    findings_for(six_deals[:1], context)
    with django_assert_max_num_queries(20) as few:
        findings_for(six_deals[:1], context)

    with django_assert_max_num_queries(len(few)):
        findings_for(six_deals, context)
