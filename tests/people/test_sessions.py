"""Sessions that are over do not pile up."""

from datetime import UTC, datetime

import pytest
from django.contrib.sessions.models import Session

from revops.people.tasks import clear_sessions

pytestmark = pytest.mark.django_db


def test_only_sessions_that_are_over_are_forgotten():
    Session.objects.create(session_key="over", expire_date=datetime(2020, 1, 1, tzinfo=UTC))
    Session.objects.create(session_key="live", expire_date=datetime(2999, 1, 1, tzinfo=UTC))

    clear_sessions()

    assert list(Session.objects.values_list("session_key", flat=True)) == ["live"]
