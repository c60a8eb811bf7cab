from datetime import date

import pytest

from pipeline.models import Deal
from pipeline.operations import Push, pull_in_close_date, push_close_date, push_close_dates
from pipeline.operations.close_dates import crosses_month, crosses_quarter
from revops.ledger.models import Entry
from revops.outbox.models import Notification
from revops.refusals import Conflict, NotAllowed, Refused
from tests.factories.people import AT, by
from tests.factories.pipeline import make_deal


def push(deal, who, to, reason_key="budget", note="", **facts):
    return push_close_date(
        deal=deal, to=to, reason_key=reason_key, note=note, by=by(who), at=AT, **facts
    )


def keys(refusal):
    return [each.key for each in refusal.value.missing]


def test_a_push_within_the_month_takes_one_tap(rep):
    deal = push(make_deal(rep, close_date=date(2026, 12, 1)), rep, date(2026, 12, 20))

    row = deal.pushes.get()
    assert (deal.close_date, deal.push_count) == (date(2026, 12, 20), 1)
    assert (row.from_date, row.reason_key, row.pushed_by) == (date(2026, 12, 1), "budget", rep)
    assert Entry.objects.about(deal)[0].verb == "deal.close_date_pushed"


@pytest.mark.parametrize("reason_key", ["", "weather"])
def test_a_push_needs_a_reason_from_the_list(rep, reason_key):
    with pytest.raises(Refused) as refusal:
        push(make_deal(rep), rep, date(2026, 12, 20), reason_key)

    assert keys(refusal) == ["reason_key"]


@pytest.mark.parametrize("note", ["", "tbd"])
def test_a_push_out_of_the_month_needs_a_note(rep, note):
    with pytest.raises(Refused, match="leaves its quarter") as refusal:
        push(make_deal(rep), rep, date(2027, 1, 10), note=note)

    assert keys(refusal) == ["note"]


def test_the_second_push_needs_a_note(rep):
    deal = push(make_deal(rep), rep, date(2026, 12, 18))

    with pytest.raises(Refused, match="pushed before"):
        push(deal, rep, date(2026, 12, 20))


def test_the_reason_other_needs_a_note(rep):
    with pytest.raises(Refused, match="other"):
        push(make_deal(rep), rep, date(2026, 12, 20), "other")


def test_a_refused_push_lists_everything_at_once(rep):
    with pytest.raises(Refused) as refusal:
        push(make_deal(rep), rep, date(2027, 2, 1), "")

    assert keys(refusal) == ["reason_key", "note"]


def test_the_second_push_asks_owner_and_manager_to_look_at_the_forecast(rep, manager):
    deal = push(make_deal(rep), rep, date(2026, 12, 18))
    assert not Notification.objects.filter(event="deal.pushed_again").exists()

    push(deal, rep, date(2026, 12, 20), note="The CFO is away")

    told = Notification.objects.filter(event="deal.pushed_again")
    assert {each.person for each in told} == {rep, manager}


@pytest.mark.parametrize("to", [date(2026, 12, 15), date(2026, 12, 1)])
def test_a_push_leads_later(rep, to):
    with pytest.raises(Refused, match="not later"):
        push(make_deal(rep, close_date=date(2026, 12, 15)), rep, to)


def test_a_push_does_not_end_in_the_past(rep):
    deal = make_deal(rep)
    Deal.objects.filter(pk=deal.pk).update(close_date=date(2026, 10, 1))

    with pytest.raises(Refused, match="does not lie in the past"):
        push(deal, rep, date(2026, 10, 20))


def test_pulling_in_asks_no_reason_and_is_no_push(rep):
    deal = pull_in_close_date(deal=make_deal(rep), to="2026-12-01", by=by(rep), at=AT)

    assert (deal.close_date, deal.push_count) == (date(2026, 12, 1), 0)


def test_pulling_in_does_not_lead_later(rep):
    with pytest.raises(Refused, match="needs a reason"):
        pull_in_close_date(deal=make_deal(rep), to=date(2027, 1, 1), by=by(rep), at=AT)


def test_pulling_in_gives_an_imported_deal_its_first_close_date(rep):
    deal = make_deal(rep)
    Deal.objects.filter(pk=deal.pk).update(close_date=None, origin="import")

    deal = pull_in_close_date(deal=deal, to=date(2027, 1, 1), by=by(rep), at=AT)

    assert (deal.close_date, deal.push_count) == (date(2027, 1, 1), 0)


def test_a_stranger_and_a_stale_page_push_nothing(rep, outsider):
    deal = make_deal(rep)

    with pytest.raises(NotAllowed):
        push(deal, outsider, date(2026, 12, 20))
    with pytest.raises(Conflict):
        push(deal, rep, date(2026, 12, 20), version=deal.version + 1)


def test_many_pushes_are_asked_one_by_one(rep):
    first, second = make_deal(rep, "First"), make_deal(rep, "Second")

    results = push_close_dates(
        pushes=[
            Push(first, date(2026, 12, 20), "budget"),
            Push(second, date(2027, 3, 1), "budget"),
        ],
        by=by(rep),
        at=AT,
    )

    assert [result.refusal is None for result in results] == [True, False]
    assert Deal.objects.get(pk=second.pk).push_count == 0


@pytest.mark.parametrize(
    ("second", "month", "quarter"),
    [
        (date(2026, 12, 31), False, False),
        (date(2027, 1, 1), True, True),
        (date(2027, 12, 15), True, True),
    ],
)
def test_what_a_push_crosses(second, month, quarter):
    first = date(2026, 12, 15)

    assert (crosses_month(first, second), crosses_quarter(first, second)) == (month, quarter)


def test_a_month_crossed_within_the_quarter():
    assert crosses_month(date(2026, 10, 31), date(2026, 11, 1))
    assert not crosses_quarter(date(2026, 10, 31), date(2026, 11, 1))
