"""Worlds that several tests share: made once, and every change to them is taken back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.core.cache import cache
from django.db import transaction


@contextmanager
def taken_back() -> Iterator[None]:
    """What is written within is rolled back at the end, as after a test of its own.

    Operations may ask for a transaction of their own here, as they may in a test.
    """
    atomic = transaction.atomic()
    atomic._from_testcase = True  # type: ignore[attr-defined]
    try:
        with atomic:
            yield
            transaction.set_rollback(True)
    finally:
        cache.clear()


@pytest.fixture(scope="module")
def shared_world(django_db_setup, django_db_blocker) -> Iterator[None]:
    """A database that the records of a module's fixtures stay in until its last test.

    Only for modules whose tests are rolled back: one that commits would empty it.
    """
    with django_db_blocker.unblock(), taken_back():
        yield
