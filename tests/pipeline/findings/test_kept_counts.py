"""Kept counts of findings say what judging every deal says, whatever changed and whenever."""

import threading
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.models import F, Q
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline import integrity
from pipeline.findings import folding, kinds, read_context
from pipeline.findings.context import gather
from pipeline.findings.counting import count_findings, count_of_owners
from pipeline.findings.grouping import findings
from pipeline.models import Deal, FindingFrame, FindingMark, FindingTally, TurningDeal
from pipeline.models.deals import JUDGED
from pipeline.operations import reassign_deal
from tests.factories.people import AT, SYSTEM
from tests.factories.pipeline import make_deal

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
ANYBODY = Q()


def told(counted):
    return {
        row.number: (row.numbers, {c: a for c, a in row.amounts.items() if a})
        for row in [counted.total, *counted.owners, *counted.teams]
    }


def check_agreement(at, whose=ANYBODY):
    context = gather(at)
    everything = count_findings(Deal.objects.filter(whose), context)
    assert told(count_of_owners(whose, context)) == told(everything)


def problems(at, whose=ANYBODY):
    return count_of_owners(whose, gather(at)).total.problems


# Keeping and reading


def test_what_nobody_changed_is_read_and_not_judged(rep):
    make_deal(rep, next_step="")
    folding.fold(at=AT)
    FindingTally.objects.all().delete()

    assert count_of_owners(Q(), gather(AT)).total.open == 0


def test_a_changed_deal_is_counted_at_once(rep):
    deal = make_deal(rep, next_step="Call")
    folding.fold(at=AT)

    Deal.objects.filter(pk=deal.pk).update(next_step="", buyer_acted_at=AT)

    assert problems(AT) == 1
    assert folding.waiting() == 1
    assert folding.fold(at=AT + timedelta(minutes=1)) >= 1
    assert folding.waiting() == 0
    assert problems(AT) == 1


def test_a_deal_that_changes_hands_is_counted_with_its_new_owner(rep, other_rep):
    deal = make_deal(rep)
    folding.fold(at=AT)

    reassign_deal(deal=deal, owner=other_rep, by=SYSTEM, at=AT)

    assert count_of_owners(Q(owner=rep), gather(AT)).total.open == 0
    assert count_of_owners(Q(owner=other_rep), gather(AT)).total.open == 1


def test_a_finding_that_time_brings_is_there_on_time(rep):
    deal = make_deal(rep)
    limit = gather(AT).silence[deal.pipeline_id]
    turns = AT + 2 * HOUR
    heard = turns - timedelta(days=limit)
    Deal.objects.filter(pk=deal.pk).update(buyer_acted_at=heard, next_step="Call")
    folding.fold(at=AT)

    assert TurningDeal.objects.get().deal_id == deal.pk
    found = [count_of_owners(Q(), gather(at)).total for at in (turns, turns + timedelta(seconds=1))]
    assert [row.counts["buyer_silent"] for row in found] == [0, 1]
    assert not folding.waiting()


def test_a_day_that_passes_is_noticed_without_a_fold(rep):
    deal = make_deal(rep, close_date=AT.date())
    folding.fold(at=AT)

    assert deal.close_date == AT.date()
    check_agreement(AT + timedelta(days=1))
    counts = count_of_owners(Q(), gather(AT + timedelta(days=1))).total.counts
    assert counts["past_close_date"] == 1


def test_deals_judged_by_other_limits_are_judged_anew(rep):
    deal = make_deal(rep)
    folding.fold(at=AT)
    context = gather(AT)
    object.__setattr__(context, "limits", {**context.limits, deal.stage_id: -1.0})

    assert count_of_owners(Q(), context).total.counts["stale"] == 1


def test_a_frame_is_made_anew_before_it_ends(rep):
    make_deal(rep)
    folding.fold(at=AT)
    first = FindingFrame.objects.get()

    folding.fold(at=AT + HOUR)
    assert FindingFrame.objects.get() == first
    folding.fold(at=AT + 4 * HOUR)
    assert FindingFrame.objects.get() != first
    check_agreement(AT + 4 * HOUR)


def test_a_frame_that_comes_between_the_questions_is_noticed(rep):
    make_deal(rep, next_step="")
    folding.fold(at=AT)
    FindingTally.objects.update(frame=FindingFrame.objects.get().pk + 1, counts=[9] * 13)

    assert count_of_owners(Q(), gather(AT)).total.open == 1


def test_every_column_that_findings_ask_is_marked():
    """A kind that asks another column must have it among those whose change leaves a mark."""
    rows = Deal.objects.order_by().values(found=findings(read_context(AT)))
    statement = str(rows.query)

    asked = {field.name for field in Deal._meta.concrete_fields if f'"{field.column}"' in statement}
    assert asked <= set(JUDGED)
    assert " JOIN " not in statement


# Whatever happens


changes = st.one_of(
    st.tuples(st.just("next_step"), st.sampled_from(["", "Call"])),
    st.tuples(st.just("close_date"), st.integers(-2, 2)),
    st.tuples(st.just("debt_due_on"), st.integers(-2, 2)),
    st.tuples(st.just("entered_stage_at"), st.integers(-2000, 0)),
    st.tuples(st.just("buyer_acted_at"), st.integers(-2000, 0)),
    st.tuples(st.just("approval_ends_at"), st.integers(-30, 30)),
    st.tuples(st.just("approval_voided"), st.booleans()),
    st.tuples(st.just("missing_count"), st.integers(0, 2)),
    st.tuples(st.just("push_count"), st.integers(0, 3)),
    st.tuples(st.just("amount"), st.integers(0, 9)),
    st.tuples(st.just("owner"), st.booleans()),
    st.tuples(st.just("new"), st.booleans()),
    st.tuples(st.just("lost"), st.none()),
    st.tuples(st.just("fold"), st.none()),
    st.tuples(st.just("wait"), st.integers(1, 300)),
)


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(st.tuples(changes, st.integers(0, 9)), max_size=16))
def test_after_any_changes_and_hours_the_counts_are_those_of_all_deals(steps, rep, other_rep):
    FindingFrame.objects.all().delete()
    at, people = AT, [rep, other_rep]
    folding.fold(at=at)
    for (what, value), number in steps:
        if what == "wait":
            at += timedelta(minutes=value)
        elif what == "fold":
            folding.fold(at=at)
        else:
            change(what, value, number, people, at)
        check_agreement(at)
        check_agreement(at, Q(owner=rep))
        assert not list(folding.differences())


def change(what, value, number, people, at):
    if what == "new":
        make_deal(people[value], currency="EUR" if number % 2 else "USD")
        return
    numbers = list(Deal.objects.order_by("pk").values_list("pk", flat=True))
    if not numbers:
        return
    if what == "owner":
        value = people[value].pk
    elif what in ("close_date", "debt_due_on"):
        value = at.date() + timedelta(days=value)
    elif what.endswith("_at"):
        value = at + timedelta(hours=value)
    facts = {what: value}
    if what == "lost":
        facts = {"status": "lost", "closed_on": at.date(), "loss_reason": "price"}
    Deal.objects.filter(pk=numbers[number % len(numbers)]).update(**facts)


# Marks


def marked():
    return set(FindingMark.objects.values_list("owner", flat=True))


def test_a_bulk_change_marks_each_owner_once(rep, other_rep):
    for owner in (rep, rep, other_rep):
        make_deal(owner)
    folding.fold(at=AT)

    Deal.objects.update(push_count=F("push_count") + 1)

    assert sorted(FindingMark.objects.values_list("owner", flat=True)) == sorted(
        [rep.pk, other_rep.pk]
    )


def test_what_findings_do_not_ask_leaves_no_mark(rep):
    deal = make_deal(rep)
    folding.fold(at=AT)

    Deal.objects.update(pain_points="Quotes wait", push_count=deal.push_count)

    assert not marked()


def test_a_deal_that_goes_marks_its_owner(rep):
    deal = make_deal(rep)
    folding.fold(at=AT)

    Deal.objects.filter(pk=deal.pk)._raw_delete(using="default")

    assert marked() == {rep.pk}
    Deal.objects.bulk_create([deal])


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_change_that_commits_after_a_fold_is_counted(rep):
    deal = make_deal(rep, next_step="Call")
    folding.fold(at=AT)
    written, folded = threading.Event(), threading.Event()

    def forget_the_next_step():
        try:
            with transaction.atomic():
                Deal.objects.filter(pk=deal.pk).update(next_step="")
                written.set()
                folded.wait(20)
        finally:
            connection.close()

    thread = threading.Thread(target=forget_the_next_step)
    thread.start()
    written.wait(20)
    assert folding.fold(at=AT) == 0
    folded.set()
    thread.join()

    assert problems(AT) == 1
    folding.fold(at=AT)
    assert problems(AT) == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_deal_that_changes_hands_is_never_counted_twice_or_not_at_all(rep, other_rep):
    deals = [make_deal(rep) for _ in range(4)]
    folding.fold(at=AT)
    done, seen, failed = threading.Event(), [], []

    def hand_to_and_fro():
        try:
            for turn in range(60):
                owner = (rep, other_rep)[turn % 2]
                Deal.objects.filter(pk=deals[turn % 4].pk).update(owner=owner)
        finally:
            done.set()
            connection.close()

    def keep_folding():
        try:
            while not done.is_set():
                folding.fold(at=AT)
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=each) for each in (hand_to_and_fro, keep_folding)]
    for thread in threads:
        thread.start()
    context = gather(AT)
    while not done.is_set():
        seen.append(count_of_owners(Q(), context).total.open)
    for thread in threads:
        thread.join()

    assert not failed
    assert set(seen) == {4}
    check_agreement(AT)


# Rebuilding and verifying


def command(*arguments):
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_rebuilding_mends_what_verifying_finds(rep):
    make_deal(rep, next_step="")
    folding.fold(at=AT)
    FindingTally.objects.update(amount=F("amount") + 1)
    assert len(list(integrity.check_finding_tallies())) == 1

    with pytest.raises(CommandError, match="1 differences"):
        command("rebuild_rollups", "--verify")
    command("rebuild_rollups")

    assert "Everything kept is what the deals say." in command("rebuild_rollups", "--verify")


def test_verifying_finds_a_deal_that_is_missing_among_those_judged_anew(rep):
    deal = make_deal(rep)
    limit = timedelta(days=gather(AT).silence[deal.pipeline_id])
    Deal.objects.update(buyer_acted_at=AT + HOUR - limit)
    folding.fold(at=AT)
    TurningDeal.objects.filter(deal=deal).delete()

    assert list(integrity.check_finding_tallies())


def test_verifying_tells_how_many_owners_are_marked(rep):
    folding.fold(at=AT)
    make_deal(rep)

    assert "1 owners are marked" in command("rebuild_rollups", "--verify")


def test_nothing_kept_holds_after_a_migrate(rep):
    from revops import triggers

    make_deal(rep)
    folding.fold(at=AT)
    triggers.install()

    assert not FindingFrame.objects.exists()
    check_agreement(AT)


def test_all_kinds_are_counted_in_their_order(rep):
    make_deal(rep)
    folding.fold(at=AT)

    assert len(FindingTally.objects.get().counts) == len(kinds()) + 2
