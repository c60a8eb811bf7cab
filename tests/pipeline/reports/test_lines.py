"""What a line reads is added up by line when months are folded, and by owner until then."""

from datetime import timedelta

import pytest

from pipeline import tallies
from pipeline.models import Tally
from pipeline.reports.flow import funnel
from pipeline.reports.results import slippage, win_rates
from pipeline.reports.scope import Scope
from pipeline.tallies.spans import end_of, month_of
from revops.people.operations import set_manager
from tests.factories.people import AT, SYSTEM, make_person
from tests.factories.pipeline import make_deal, new_business, put_into

pytestmark = pytest.mark.django_db

FIRST = month_of(AT.date())
LAST = end_of(FIRST)


@pytest.fixture
def stranger():
    return make_person("Otto Other", roles=["rep"])


def asked(reader, since=FIRST, until=LAST):
    return Scope(new_business(), since, until, AT, reader=reader)


def entered(reader):
    return [row.entered for row in funnel(asked(reader)).rows]


def lines_kept():
    return Tally.objects.filter(dimension="stage@line", measure="stays")


def two_deals(rep, stranger):
    put_into(make_deal(rep), "demo")
    put_into(make_deal(stranger, "Elsewhere"), "demo")


def test_the_months_of_a_line_are_added_up(rep, manager, stranger):
    two_deals(rep, stranger)
    unfolded = entered(manager)
    tallies.fold(at=AT)

    assert any(str(rep.pk) in key.split(",") for row in lines_kept() for key in row.cells)
    assert entered(manager) == unfolded


def test_a_line_reads_its_own_sum(rep, manager, stranger):
    two_deals(rep, stranger)
    tallies.fold(at=AT)
    Tally.objects.filter(dimension="stage@owner").exclude(grain="month").delete()
    for row in Tally.objects.filter(dimension="stage@owner", grain="month"):
        row.cells = {owner: [] for owner in row.cells}
        row.save()

    assert any(entered(manager))


def test_a_line_that_changed_is_read_by_owner(rep, manager, stranger):
    two_deals(rep, stranger)
    tallies.fold(at=AT)
    make_deal(make_person("Nora Nobody", roles=["rep"]), "Of nobody's line")
    before = entered(manager)
    set_manager(person=stranger, manager=manager, by=SYSTEM, at=AT)

    assert sum(entered(manager)) == 2 * sum(before)


def test_verifying_names_a_line_that_is_not_the_sum(rep, manager, stranger):
    two_deals(rep, stranger)
    tallies.fold(at=AT)
    assert not list(tallies.differences(at=AT))
    row = lines_kept().get()
    row.cells = {line: [[*cells[0][:3], 99, *cells[0][4:]]] for line, cells in row.cells.items()}
    row.save()

    assert any("stage@line" in told for told in tallies.differences(at=AT))


def test_a_month_that_began_counts_no_later_day(rep):
    later = AT + timedelta(days=2)
    make_deal(rep)
    make_deal(rep, "Later", at=later)
    tallies.fold(at=later)

    assert win_rates(asked(None, until=AT.date())).total.created == 1
    assert win_rates(asked(None, until=later.date())).total.created == 2


@pytest.mark.parametrize("late", [-1, 0, 1])
def test_what_was_due_by_a_day_is_what_the_standings_say(rep, late):
    due = FIRST + timedelta(days=10)
    make_deal(rep, close_date=due, at=AT.replace(day=1) - timedelta(days=3))
    tallies.fold(at=AT)
    until = due + timedelta(days=late)

    kept, counted = (
        slippage(scope).total for scope in (asked(None, until=until), asked(rep, until=until))
    )
    assert kept == counted
    assert kept.due == int(late >= 0)
