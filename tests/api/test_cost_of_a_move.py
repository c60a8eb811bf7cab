"""What one move by API asks of the database."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pipeline.models import StageAction
from pipeline.operations import skip_deal
from tests.api.calling import Caller
from tests.factories.people import AT, by
from tests.factories.pipeline import complete, make_deal, stage

pytestmark = pytest.mark.django_db
CONTROL = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "SELECT pg_advisory")
"""Transactions and the locks that PostgreSQL alone takes: no questions."""


def asked(caller, path):
    with CaptureQueriesContext(connection) as caught:
        assert caller.post(path).status_code == 200
    return [each["sql"] for each in caught if not each["sql"].startswith(CONTROL)]


def test_a_move_asks_no_more_than_this(rep):
    StageAction.objects.all().delete()
    caller = Caller(rep)

    questions = asked(caller, f"deals/{complete(make_deal(rep)).pk}/advance/")

    assert len(questions) <= 27, "\n".join(questions)
    assert sum("pipeline_pipelineversion" in sql for sql in questions) <= 2


@pytest.mark.parametrize("verb", ["advance", "move", "send-back", "skip"])
def test_a_move_answers_with_what_stands_afterwards(rep, verb):
    caller, deal = Caller(rep), complete(make_deal(rep, stage="discovery"))
    to = {"advance": {}, "send-back": {"to": "qualified"}, "skip": {"to": "proposal"}}
    body = to.get(verb, {"to": "demo"}) | ({"reason": "Hurry"} if verb != "advance" else {})

    moved = caller.post(f"deals/{deal.pk}/{verb}/", body)

    assert moved.status_code == 200
    assert moved.json() == caller.get(f"deals/{deal.pk}/").json()
    assert moved.json()["version"] == deal.version + 1


def test_a_move_costs_the_same_whatever_the_deal_owes(rep):
    StageAction.objects.all().delete()
    caller = Caller(rep)
    clean = complete(make_deal(rep, "Clean", stage="demo"))
    owing = complete(make_deal(rep, "Owing"), but=["timeline", "pain_points"])
    skip_deal(deal=owing, to=stage("demo"), reason="Hurry", by=by(rep), at=AT)

    few = asked(caller, f"deals/{clean.pk}/advance/")

    assert len(asked(caller, f"deals/{owing.pk}/advance/")) <= len(few) + 2
