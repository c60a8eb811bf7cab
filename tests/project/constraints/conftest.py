"""The company that bad rows are written into."""

from __future__ import annotations

import pytest
from django.db import transaction

from tests.project.constraints.company import build


@pytest.fixture(scope="module")
def company(django_db_setup, django_db_blocker):
    """At least one row in every table of ours; all of it is undone in the end."""
    whole = transaction.atomic()
    whole._from_testcase = True  # as Django's own TestCase: durable operations may run inside
    with django_db_blocker.unblock(), whole:
        build()
        yield
        transaction.set_rollback(True)
