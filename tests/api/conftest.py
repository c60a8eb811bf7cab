from datetime import timedelta

import pytest
import time_machine

from tests.api.calling import Caller
from tests.factories.people import AT

NOW = AT + timedelta(days=1)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def api(db):
    """Calls the API as a person: `api(rep).get("deals/")`."""
    return Caller
