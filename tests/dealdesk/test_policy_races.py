"""Real threads on PostgreSQL: what several administrators do to one policy at once."""

from __future__ import annotations

import pytest

from dealdesk.models import PolicyDraft, PolicyVersion
from dealdesk.operations.policydrafting import change_policy_draft, start_policy_draft
from dealdesk.operations.policypublishing import propose_policy, publish_policy_draft
from revops.refusals import Conflict, Refused
from tests.factories.dealdesk import AT
from tests.factories.people import by, make_person
from tests.racing import at_once

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def everybody(rep, manager, vp, desk, finance, legal, revops):
    """A company in which every role is held."""


@pytest.fixture
def others():
    return [make_person(f"Admin {each}", roles=["revops_admin"]) for each in ("One", "Two")]


def test_drafts_begun_at_once_are_one_draft(others):
    results = at_once(*[lambda p=p: start_policy_draft(by=by(p), at=AT) for p in others])

    assert sum(isinstance(each, Conflict) for each in results) == 1
    assert PolicyDraft.objects.count() == 1


def test_a_draft_confirmed_twice_at_once_is_published_once(revops, others):
    start_policy_draft(by=by(revops), at=AT)
    change_policy_draft(changes={"validity_days": 20}, by=by(revops), at=AT)
    propose_policy(by=by(revops), at=AT)

    results = at_once(*[lambda p=p: publish_policy_draft(by=by(p), at=AT) for p in others])

    assert sum(isinstance(each, Conflict) for each in results) == 1
    assert PolicyVersion.objects.count() == 2
    assert PolicyVersion.objects.get(in_force=True).number == 2


def test_what_is_changed_while_it_is_confirmed_is_not_published_unseen(revops, others):
    start_policy_draft(by=by(revops), at=AT)
    change_policy_draft(changes={"validity_days": 20}, by=by(revops), at=AT)
    draft = propose_policy(by=by(revops), at=AT)

    def change():
        return change_policy_draft(changes={"pending_days": 9}, by=by(others[0]), at=AT)

    def publish():
        return publish_policy_draft(version=draft.version, by=by(others[1]), at=AT)

    changed, published = at_once(change, publish)

    assert isinstance(changed, Refused) != isinstance(published, Refused)
    in_force = PolicyVersion.objects.get(in_force=True)
    assert '"pending_days":30' in in_force.body
