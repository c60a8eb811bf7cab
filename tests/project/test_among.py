"""Rows are asked for by many numbers in one parameter."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from revops.among import Among
from revops.people.models import User

pytestmark = pytest.mark.django_db


def test_rows_are_found_by_their_numbers(rep, manager, vp):
    found = User.objects.filter(pk__in=Among({rep.pk, vp.pk, 0}))

    assert set(found) == {rep, vp}


def test_of_no_numbers_there_is_nothing(rep):
    assert not User.objects.filter(pk__in=Among([])).exists()


def test_a_thousand_numbers_are_one_parameter(rep):
    with CaptureQueriesContext(connection) as asked:
        list(User.objects.filter(team__in=Among(range(1000))))

    assert asked[0]["sql"].count("(SELECT ") == 1
