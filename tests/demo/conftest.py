"""The demo company in the test's database."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import override_settings

from dealdesk.demo.loading import load_demo
from revops.people.actor import Actor, Via

AT = datetime(2026, 11, 19, 10, 0, tzinfo=UTC)


def load(deals: int = 30, seed: int = 7, at: datetime = AT):
    by = Actor.system(Via.COMMAND)
    return load_demo(deals=deals, seed=seed, password="known to all", by=by, at=at)


@pytest.fixture(scope="module")
def loaded(shared_world):
    """A small demo company for all tests of a module."""
    with override_settings(DEV_TOOLS=True):
        return load()


@pytest.fixture
def demo(loaded, db, settings):
    """That company, as it is in development; each test takes back what it changes."""
    settings.DEV_TOOLS = True
    return loaded
