"""The demo company in the test's database."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from dealdesk.demo.loading import load_demo
from revops.people.actor import Actor, Via

AT = datetime(2026, 11, 19, 10, 0, tzinfo=UTC)


def load(deals: int = 30, seed: int = 7, at: datetime = AT):
    by = Actor.system(Via.COMMAND)
    return load_demo(deals=deals, seed=seed, password="known to all", by=by, at=at)


@pytest.fixture
def demo(db, settings):
    """A small demo company, as it is in development."""
    settings.DEV_TOOLS = True
    return load()
