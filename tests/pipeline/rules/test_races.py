"""Real threads on PostgreSQL: one draft, one publication, and a move while rules change."""

from __future__ import annotations

import pytest

from pipeline import stages
from pipeline.models import Deal, PipelineVersion
from pipeline.operations import advance_deal
from pipeline.operations.publishing import publish_draft
from pipeline.operations.rules import change_draft, start_draft
from pipeline.operations.rulestages import remove_stage
from pipeline.stages import process_of
from revops.refusals import Conflict, Refused
from tests.factories.people import AT, by, make_person
from tests.factories.pipeline import complete, make_deal, new_business
from tests.racing import at_once

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def two(revops):
    return [by(revops), by(make_person("Rolf Ricci", roles=["revops_admin"]))]


def test_of_two_publications_one_wins(two):
    pipeline = new_business()
    start_draft(pipeline=pipeline, by=two[0], at=AT)
    change_draft(pipeline=pipeline, changes={"gate": "entry"}, by=two[0], at=AT)

    results = at_once(
        *(lambda who=who: publish_draft(pipeline=pipeline, by=who, at=AT) for who in two)
    )

    assert sum(isinstance(each, PipelineVersion) for each in results) == 1
    assert sum(isinstance(each, Conflict) for each in results) == 1
    assert pipeline.versions.filter(published_at__isnull=False).count() == 2


def test_of_two_drafts_one_is_begun(two):
    pipeline = new_business()

    results = at_once(
        *(lambda who=who: start_draft(pipeline=pipeline, by=who, at=AT) for who in two)
    )

    assert sum(isinstance(each, Conflict) for each in results) == 1
    assert pipeline.versions.filter(published_at=None).count() == 1


def test_of_two_edits_of_one_page_the_second_is_told(two):
    pipeline = new_business()
    draft = start_draft(pipeline=pipeline, by=two[0], at=AT)

    results = at_once(
        *(
            lambda who=who, days=days: change_draft(
                pipeline=pipeline,
                changes={"debt_days": days},
                version=draft.version,
                by=who,
                at=AT,
            )
            for days, who in enumerate(two)
        )
    )

    assert sum(isinstance(each, Conflict) for each in results) == 1


@pytest.mark.parametrize("attempt", range(4))
def test_no_deal_is_left_in_a_stage_that_is_no_more(attempt, two, rep):
    pipeline = new_business()
    deal = complete(make_deal(rep, stage="discovery"))
    start_draft(pipeline=pipeline, by=two[0], at=AT)
    remove_stage(pipeline=pipeline, stage="demo", goes_to="proposal", by=two[0], at=AT)

    results = at_once(
        lambda: publish_draft(pipeline=pipeline, by=two[0], at=AT),
        lambda: advance_deal(deal=deal, by=by(rep), at=AT),
    )

    assert not any(isinstance(each, Refused) for each in results)
    stages._processes.clear()
    known = {rule.stage_id for rule in process_of(pipeline).rules}
    assert Deal.objects.get(pk=deal.pk).stage_id in known
