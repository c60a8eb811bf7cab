"""The pages on which people say when they are away, and everybody sees who is."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from revops.people.models import Absence
from tests.factories.dealdesk import make_quote, submit
from tests.factories.people import make_person, signed_in

pytestmark = pytest.mark.django_db

LIST, NEW = reverse("dealdesk:absence-list"), reverse("dealdesk:absence-enter")


def today():
    return timezone.now().date()


def away(person, delegate=None, days=3, note=""):
    return Absence.objects.create(
        person=person,
        delegate=delegate,
        first_day=today(),
        last_day=today() + timedelta(days=days),
        note=note,
        entered_at=timezone.now(),
    )


def days(first=0, last=3, **facts):
    first, last = (today() + timedelta(days=each) for each in (first, last))
    return {"first_day": first.isoformat(), "last_day": last.isoformat(), **facts}


def test_one_says_when_one_is_away(rep, manager):
    page = signed_in(rep)

    assert "Who is away</label>" not in page.get(NEW).text
    answer = page.post(NEW, days(delegate=manager.pk, note="Wedding"), follow=True)

    assert "Max Moreno answers" in answer.text
    absence = Absence.objects.get()
    assert (absence.person, absence.entered_by, absence.note) == (rep, rep, "Wedding")


def test_a_manager_enters_it_for_the_line_and_for_nobody_else(manager, rep, outsider):
    page = signed_in(manager)
    assert "Rita Reyes" in page.get(NEW).text

    assert page.post(NEW, days(person=outsider.pk)).status_code == 422
    page.post(NEW, days(person=rep.pk))

    assert Absence.objects.get().person == rep


def test_what_is_refused_stands_in_the_form(rep, manager):
    away(manager, rep)

    answer = signed_in(rep).post(NEW, days(delegate=manager.pk))

    assert answer.status_code == 422
    assert "Max Moreno delegates to Rita Reyes on these days" in answer.text


def test_the_form_names_what_waits(rep, vp):
    submit(make_quote(rep, 25))

    assert "You have 1 open approval" in signed_in(vp).get(NEW).text


def test_an_absence_is_changed_and_called_off(rep, manager):
    absence = away(rep)
    page, url = signed_in(rep), reverse("dealdesk:absence-change", args=[absence.pk])
    assert "It has begun" in page.get(url).text

    page.post(url, days(last=9, delegate=manager.pk, version=1))
    absence.refresh_from_db()
    assert (absence.delegate, absence.version) == (manager, 2)
    assert page.post(url, days(last=5, version=1)).status_code == 409

    page.post(reverse("dealdesk:absence-cancel", args=[absence.pk]), {"version": 2})
    absence.refresh_from_db()
    assert absence.cancelled_by == rep
    assert page.get(url).status_code == 404


def test_others_may_look_and_not_touch(rep, outsider, revops):
    absence = away(rep, note="Wedding")
    url = reverse("dealdesk:absence-change", args=[absence.pk])
    page = signed_in(outsider)

    seen = page.get(LIST).text
    assert "Rita Reyes" in seen
    assert "Wedding" not in seen
    assert page.get(url).status_code == 404
    assert "Wedding" in signed_in(revops).get(LIST).text


def test_the_list_asks_as_much_for_many_as_for_one(manager, rep):
    def queries():
        with CaptureQueriesContext(connection) as asked:
            signed_in(rep).get(LIST)
        return len(asked)

    away(rep, manager)
    queries()  # what is remembered between pages is read now
    one = queries()
    for number in range(5):
        away(make_person(f"Person {number}"), manager)

    assert queries() == one
