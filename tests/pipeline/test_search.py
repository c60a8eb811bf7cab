"""Search by parts of names, on the index of each database."""

from datetime import UTC, datetime

import pytest
from django.db import connection

from pipeline.models import Account, Deal
from pipeline.operations import change_account
from revops.people.actor import Actor
from tests.factories.pipeline import make_account, make_deal

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 2, 10, tzinfo=UTC)


@pytest.mark.parametrize("text", ["nordwind", "wind", "NORD", "rotor nordwind", "ro nord", 'wind"'])
def test_every_word_is_found_anywhere_in_the_name(text, rep):
    deal = make_deal(name='Nordwind" rotor', owner=rep)
    make_deal(name="Southern lights", owner=rep)

    assert list(Deal.objects.matching(text)) == [deal]


def test_a_word_that_is_nowhere_finds_nothing(rep):
    make_deal(name="Nordwind rotor", owner=rep)

    assert not Deal.objects.matching("nordwind turbine").exists()


@pytest.mark.parametrize("text", ["* OR *", '"', "NEAR(a b)", "search_text:", "%", "_"])
def test_search_syntax_is_only_letters(text, rep):
    make_deal(name="Nordwind rotor", owner=rep)

    assert not Deal.objects.matching(text).exists()


def test_a_renamed_account_is_found_by_its_new_name_only(revops):
    account = make_account(name="Nordwind")

    change_account(account=account, changes={"name": "Suedwind"}, by=Actor.of(revops), at=AT)

    assert not Account.objects.matching("nordwind").exists()
    assert Account.objects.matching("suedw").exists()


def test_search_uses_its_index(rep):
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL plans by row counts; its index is a trigram index on the column.")

    plan = Deal.objects.matching("nordwind").explain()

    assert "pipeline_deal_fulltext VIRTUAL TABLE" in plan
