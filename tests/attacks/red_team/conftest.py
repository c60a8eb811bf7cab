"""An approved deal, and a request that waits."""

from __future__ import annotations

import pytest
import time_machine

from tests.attacks.red_team.doing import fresh
from tests.factories.dealdesk import AT, HOUR, decide, make_quote, small_account, submit
from tests.factories.pipeline import complete, make_deal


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(AT + 2 * HOUR, tick=False) as traveller:
        yield traveller


@pytest.fixture
def deal(rep):
    return complete(make_deal(rep, account=small_account(), stage="negotiation"))


@pytest.fixture
def approved(deal, rep, vp):
    request = submit(make_quote(rep, 25, deal=deal))
    decide(request, vp)
    return fresh(request)


@pytest.fixture
def request_(rep, vp):
    return submit(make_quote(rep, 25))
