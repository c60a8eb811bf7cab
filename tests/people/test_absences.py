"""When people are away: who may say so, which days, and who answers for them."""

from datetime import UTC, date, datetime, timedelta

import pytest

from revops.ledger.models import Entry
from revops.outbox.models import Notification
from revops.people.away import chain_of, delegators, read_away, stand_in
from revops.people.operations import cancel_absence, change_absence, enter_absence
from revops.refusals import Conflict, NotAllowed, Refused
from tests.factories.people import AT, by, make_person

TODAY = AT.date()
DAY = timedelta(days=1)


def away(person, delegate=None, first=TODAY, last=TODAY + 4 * DAY, *, actor=None, **facts):
    return enter_absence(
        person=person,
        delegate=delegate,
        first_day=first,
        last_day=last,
        by=actor or by(person),
        at=AT,
        **facts,
    )


def told(person, event):
    return Notification.objects.filter(person=person, event=event).count()


# Who answers, as a pure question


def test_the_first_delegate_who_is_here_answers():
    assert stand_in(1, {}) == 1
    assert stand_in(1, {1: 2}) == 2
    assert stand_in(1, {1: 2, 2: 3, 3: 4}) == 4


def test_a_chain_ends_after_three_delegates():
    assert stand_in(1, {1: 2, 2: 3, 3: 4, 4: 5}) is None
    assert list(chain_of(1, {1: 2, 2: 3, 3: 4, 4: 5})) == [2, 3, 4]


def test_a_circle_is_harmless_when_it_is_read():
    assert stand_in(1, {1: 2, 2: 1}) is None
    assert stand_in(1, {1: 1}) is None


def test_delegators_are_found_through_others():
    assert delegators([3], {1: 2, 2: 3, 4: 5}) == {1: 3, 2: 3}
    assert delegators([1], {1: 2, 2: 1}) == {2: 1}


# Entering


@pytest.mark.django_db
def test_who_is_away_is_judged_on_their_own_days(rep, manager):
    rep.zone = "Asia/Tokyo"
    rep.save()
    away(rep, manager, date(2026, 11, 5), date(2026, 11, 6))

    def is_away(*when):
        return read_away(datetime(2026, 11, *when, tzinfo=UTC)).of(rep.pk) is not None

    assert [is_away(4, 14, 59), is_away(4, 15), is_away(6, 14, 59), is_away(6, 15)] == [
        False,
        True,
        True,
        False,
    ]


@pytest.mark.django_db
def test_the_delegate_is_told_and_the_ledger_knows(rep, manager):
    absence = away(rep, manager, note="Wedding")

    assert told(manager, "absence.delegated") == 1
    entry = Entry.objects.get(verb="absence.entered")
    assert (entry.actor, entry.subject_id) == (rep, absence.pk)
    assert "Wedding" not in entry.facts_json


@pytest.mark.django_db
def test_a_manager_above_and_revops_say_it_for_others(rep, manager, vp, revops, other_rep):
    away(rep, vp, actor=by(manager))
    assert told(rep, "absence.entered") == 1
    away(manager, actor=by(revops))

    with pytest.raises(NotAllowed):
        away(vp, actor=by(manager))
    with pytest.raises(NotAllowed):
        away(other_rep, actor=by(rep))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("first", "last", "code"),
    [
        (TODAY + DAY, TODAY, "days"),
        (TODAY - 3 * DAY, TODAY - DAY, "over"),
        (TODAY, TODAY + 400 * DAY, "days"),
    ],
)
def test_days_that_cannot_be_are_refused(rep, first, last, code):
    with pytest.raises(Refused) as refused:
        away(rep, first=first, last=last)

    assert refused.value.code == code


@pytest.mark.django_db
def test_days_within_another_absence_are_refused(rep):
    away(rep)

    with pytest.raises(Refused, match="away from 3 November to 7 November already"):
        away(rep, first=TODAY + 4 * DAY, last=TODAY + 9 * DAY)


@pytest.mark.django_db
def test_nobody_is_their_own_delegate_nor_somebody_who_left(rep):
    gone = make_person("Gus Gone", admitted=False)

    for delegate in (rep, gone):
        with pytest.raises(Refused) as refused:
            away(rep, delegate)
        assert refused.value.code == "delegate"


@pytest.mark.django_db
def test_a_circle_of_delegates_is_refused(rep, manager, vp):
    away(rep, manager)
    away(manager, vp)

    with pytest.raises(Refused, match="Rita Reyes delegates to Max Moreno delegates to Vera Vance"):
        away(vp, rep)


@pytest.mark.django_db
def test_a_circle_on_other_days_is_none(rep, manager):
    away(rep, manager, TODAY, TODAY + DAY)

    assert away(manager, rep, TODAY + 2 * DAY, TODAY + 3 * DAY).pk


# Changing and calling off


def change(absence, *, at=AT, actor=None, **facts):
    known = {name: getattr(absence, name) for name in ("first_day", "last_day", "delegate")}
    facts = {**known, **facts}
    return change_absence(absence=absence, by=actor or by(absence.person), at=at, **facts)


@pytest.mark.django_db
def test_a_new_delegate_is_told_and_so_is_the_former(rep, manager, vp):
    absence = away(rep, manager)

    change(absence, delegate=vp)

    assert told(vp, "absence.delegated") == 1
    assert told(manager, "absence.undelegated") == 1


@pytest.mark.django_db
def test_what_has_begun_keeps_its_first_day_and_what_is_over_everything(rep):
    absence = away(rep)

    with pytest.raises(Refused, match="first day stays"):
        change(absence, first_day=TODAY + DAY)
    with pytest.raises(Conflict):
        change(absence, at=AT + 9 * DAY)
    with pytest.raises(Conflict):
        cancel_absence(absence=absence, by=by(rep), at=AT + 9 * DAY)


@pytest.mark.django_db
def test_an_absence_called_off_holds_no_more(rep, manager):
    absence = away(rep, manager)

    cancel_absence(absence=absence, by=by(rep), at=AT)

    assert read_away(AT).of(rep.pk) is None
    assert told(manager, "absence.undelegated") == 1
    with pytest.raises(Conflict):
        cancel_absence(absence=absence, by=by(rep), at=AT)


@pytest.mark.django_db
def test_the_second_of_two_editors_is_told(rep):
    absence = away(rep)
    change(absence, last_day=TODAY + 9 * DAY)

    with pytest.raises(Conflict):
        change(absence, last_day=TODAY + DAY, version=1)
