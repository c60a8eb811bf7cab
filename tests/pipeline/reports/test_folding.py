"""Folding takes away the marks it saw and no other; rebuilding and verifying by command."""

import threading
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from pipeline import standings, tallies
from pipeline.models import Deal, DealStanding, StageRollup, Tally, TallyMark
from pipeline.reports.results import win_rates
from pipeline.reports.scope import Scope
from revops.company.operations import change_company
from revops.people.actor import Actor
from revops.remembering import remembering
from tests.factories.people import AT
from tests.factories.pipeline import make_deal, new_business, put_into

DAY = AT.date()


def opened(at=AT):
    return win_rates(Scope(new_business(), DAY, DAY, at)).total.created


def told(*arguments):
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_change_that_commits_after_a_fold_keeps_its_mark(rep):
    make_deal(rep)
    tallies.fold(at=AT)
    written, folded = threading.Event(), threading.Event()

    def enter_another():
        try:
            with transaction.atomic():
                deal = Deal.objects.get()
                deal.pk, deal.name = None, "Another"
                deal.save(force_insert=True)
                standings.follow(deal, None, at=AT)
                written.set()
                folded.wait(20)
        finally:
            connection.close()

    thread = threading.Thread(target=enter_another)
    thread.start()
    written.wait(20)
    assert tallies.fold(at=AT) == 0
    folded.set()
    thread.join()

    assert TallyMark.objects.filter(day=DAY).exists()
    assert opened() == 2
    tallies.fold(at=AT)
    assert opened() == 2


@pytest.mark.django_db
def test_what_is_not_marked_is_read_from_tallies(rep):
    make_deal(rep)
    tallies.fold(at=AT)
    Tally.objects.filter(measure="opened").delete()

    assert opened() == 0


@pytest.mark.django_db
def test_a_marked_day_is_counted_from_the_deals(rep):
    make_deal(rep)
    tallies.fold(at=AT)
    make_deal(rep, name="Second")

    assert opened() == 2


@pytest.mark.django_db
def test_a_page_counts_its_marked_days_once_for_all_that_it_tells_apart(rep):
    make_deal(rep)
    scope = Scope(new_business(), DAY, DAY, AT)
    tallies.fold(at=AT)
    make_deal(rep, name="Second")
    apart = {by: tallies.read_tallies(scope, "opened", by) for by in ("owner", "source", "stage")}

    with remembering():
        first = tallies.read_tallies(scope, "opened", "owner")
        with CaptureQueriesContext(connection) as caught:
            found = {by: tallies.read_tallies(scope, "opened", by) for by in ("source", "stage")}

    assert found | {"owner": first} == apart
    assert not any("pipeline_deal" in each["sql"] for each in caught)


@pytest.mark.django_db
def test_standings_follow_one_another(rep):
    deal = make_deal(rep)
    stood = standings.standing_of(deal)
    deal.amount = 5
    with transaction.atomic():
        standings.follow(deal, stood, at=AT + timedelta(hours=2))

    first, second = DealStanding.objects.filter(deal=deal).order_by("pk")
    assert (first.since, first.until) == (AT, AT + timedelta(hours=2))
    assert (second.since, second.until, second.amount) == (first.until, None, 5)


@pytest.mark.django_db
def test_what_alters_nothing_reported_adds_no_standing(rep):
    deal = make_deal(rep)
    stood = standings.standing_of(deal)
    deal.pain_points = "Quotes wait"
    with transaction.atomic():
        standings.follow(deal, stood, at=AT + timedelta(hours=2))

    assert DealStanding.objects.filter(deal=deal).count() == 1


@pytest.mark.django_db
def test_a_history_is_told_from_visits_and_pushes(rep):
    deal = make_deal(rep, stage="demo")

    kept = list(DealStanding.objects.filter(deal=deal).order_by("pk").values_list("since", "stage"))
    process = standings.process_by_id(deal.pipeline_id)
    visits = list(deal.visits.order_by("pk"))
    history = standings.history_of(deal, process, visits, [])

    assert [(step.since, step.reported.stage_id) for step in history] == kept


@pytest.mark.django_db
def test_days_are_counted_anew_where_the_company_moves_to_another_zone(rep):
    late = AT.replace(hour=23, minute=30)
    put_into(make_deal(rep, at=late - timedelta(days=3)), "demo", at=late)
    tallies.fold(at=late)

    change_company(changes={"zone": "Asia/Tokyo"}, by=Actor.system(), at=late)
    tallies.fold(at=late)

    assert not TallyMark.objects.exists()
    assert not list(tallies.differences(at=late))


@pytest.mark.django_db
def test_verifying_finds_nothing_after_a_rebuild(rep):
    make_deal(rep, stage="demo")

    assert "kept" in told("rebuild_rollups")
    assert told("rebuild_rollups", "--verify") == "Everything kept is what the deals say.\n"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "tamper",
    [
        lambda: StageRollup.objects.update(count=7),
        lambda: Tally.objects.filter(measure="opened", grain="day").update(cells=[]),
        lambda: Tally.objects.filter(measure="opened", grain="month").update(cells=[]),
        lambda: Deal.objects.update(amount=1),
    ],
)
def test_verifying_names_what_differs_and_fails(rep, tamper):
    make_deal(rep)
    told("rebuild_rollups")
    tamper()

    with pytest.raises(CommandError, match="differences") as refusal:
        told("rebuild_rollups", "--verify")
    assert refusal.value.returncode == 1


@pytest.mark.django_db
def test_a_rebuild_mends_what_differs(rep):
    make_deal(rep)
    told("rebuild_rollups")
    Deal.objects.update(amount=1)
    Tally.objects.all().delete()

    told("rebuild_rollups")

    assert told("rebuild_rollups", "--verify") == "Everything kept is what the deals say.\n"


@pytest.mark.django_db
def test_the_report_in_words_says_what_is_few(rep):
    make_deal(rep)
    words = told(
        "pipeline_report", "--pipeline=new-business", f"--from={DAY}", f"--to={DAY}", "--by=source"
    )

    assert "By source" in words
    assert "n/a" in words


@pytest.mark.django_db
@pytest.mark.parametrize(
    "wrong",
    [
        ["--pipeline=no-such", f"--from={DAY}", f"--to={DAY}"],
        ["--pipeline=new-business", f"--from={DAY}", "--to=2001-01-01"],
        ["--pipeline=new-business", "--from=soon", f"--to={DAY}"],
    ],
)
def test_a_report_that_cannot_be_is_refused(wrong):
    with pytest.raises(CommandError):
        told("pipeline_report", *wrong)
