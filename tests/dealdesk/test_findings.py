"""An approval that expired or was voided is a finding until the quote is submitted again."""

from datetime import timedelta

import pytest

from dealdesk.models import ApprovalRequest
from dealdesk.operations import expire_requests, recall_request
from pipeline.findings import find, findings_of, read_context
from pipeline.findings.keeping import refresh_approval
from pipeline.models import Deal
from tests.factories.dealdesk import decide, make_quote, submit
from tests.factories.people import AT, by


def standing(deal, at):
    """The approval findings of a deal by their kind, once the database agrees."""
    deal, context = Deal.objects.get(pk=deal.pk), read_context(at)
    found = {finding.kind: finding for finding in findings_of(deal, context)}
    for kind in ("approval_expired", "approval_voided"):
        assert find(Deal.objects.filter(pk=deal.pk), kind, context).exists() == (kind in found)
    return {key: each for key, each in found.items() if key.startswith("approval_")}


@pytest.fixture
def pending(rep, manager):
    return submit(make_quote(rep, 15), by(rep))


def test_a_pending_request_is_no_finding(pending):
    assert standing(pending.deal, AT + timedelta(days=1)) == {}


def test_a_request_that_nobody_decided_is_expired(pending):
    much_later = AT + timedelta(days=31)
    expire_requests(at=much_later)

    found = standing(pending.deal, much_later)

    assert list(found) == ["approval_expired"]
    assert found["approval_expired"].since == much_later.date()
    assert found["approval_expired"].act_url.endswith("#quotes")


def test_an_approval_expires_by_itself_when_its_days_are_over(pending, manager):
    decide(pending, manager)
    approved = ApprovalRequest.objects.get(pk=pending.pk)

    assert standing(pending.deal, approved.valid_until - timedelta(seconds=1)) == {}
    found = standing(pending.deal, approved.valid_until)
    assert "was good until" in found["approval_expired"].sentence


def test_a_recalled_request_is_no_finding(pending, rep):
    recall_request(request=pending, by=by(rep), at=AT)

    assert standing(pending.deal, AT + timedelta(days=1)) == {}


def test_an_approval_that_lost_its_cover_is_voided(pending, manager):
    decide(pending, manager)
    request = ApprovalRequest.objects.get(pk=pending.pk)
    request.mark_invalidated()
    request.ended_reason = "The discount grew."
    request.save(update_fields=["status", "ended_reason"])
    refresh_approval(pending.deal_id)

    found = standing(pending.deal, AT + timedelta(days=1))

    assert [(key, each.sentence) for key, each in found.items()] == [
        ("approval_voided", "The discount grew.")
    ]
