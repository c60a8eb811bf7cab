from decimal import Decimal

import pytest
from django.db import connection

from dealdesk.models import (
    ApprovalLink,
    ApprovalRequest,
    ApprovalSlot,
    ApprovalStep,
    ExceptionRecord,
    Quote,
    QuoteLine,
    TermsSnapshot,
)
from pipeline.models import Deal
from revops import integrity, triggers
from tests.factories.dealdesk import AT, HOUR, decide, make_quote, slot_of, submit, term

pytestmark = pytest.mark.django_db


@pytest.fixture
def pending(rep, vp, desk):
    request = submit(make_quote(rep, 25, terms=[term()]))
    decide(request, vp)
    return request


@pytest.fixture
def approved(rep, vp):
    request = submit(make_quote(rep, 25))
    decide(request, vp)
    return ApprovalRequest.objects.get(pk=request.pk)


def findings():
    found = integrity.findings()
    return [each.check for each in found if each.check.startswith("dealdesk.")]


def test_what_the_operations_leave_is_sound(pending, approved, rep):
    submit(make_quote(rep, 5))
    make_quote(rep, 12)

    assert findings() == []


def test_a_request_approved_by_hand_is_found(pending):
    ApprovalRequest.objects.filter(pk=pending.pk).update(
        status="approved", decided_at=AT, valid_until=AT
    )

    assert "dealdesk.requests" in findings()


def test_a_slot_approved_by_hand_is_found(pending, desk):
    ApprovalSlot.objects.filter(pk=slot_of(pending, desk).pk).update(state="approved", closed_at=AT)

    assert "dealdesk.decisions" in findings()


def test_a_step_opened_again_is_found(approved):
    ApprovalStep.objects.update(state="requested", settled_at=None)

    assert "dealdesk.requests" in findings()


def test_a_changed_snapshot_is_found(approved):
    with triggers.lifted():
        row = TermsSnapshot.objects.get()
        row.body = row.body.replace('"net":"7500"', '"net":"7400"')
        row.save()

    assert "dealdesk.snapshots" in findings()


def test_a_changed_submitted_line_is_found(approved):
    with triggers.lifted():
        QuoteLine.objects.update(typed_value=Decimal(30))

    assert {"dealdesk.quotes"} <= set(findings())


def test_figures_that_are_not_those_of_the_lines_are_found(rep):
    make_quote(rep, 5)
    Quote.objects.update(net_amount=1)

    assert set(findings()) == {"dealdesk.quotes", "dealdesk.primaries"}


def test_an_amount_typed_over_the_primary_is_found(rep):
    make_quote(rep, 5)
    Deal.objects.update(amount=1)

    assert findings() == ["dealdesk.primaries"]


def test_a_link_alive_on_a_closed_slot_is_found(approved):
    ApprovalLink.objects.update(killed_at=None, killed_why="", consumed_at=None)

    assert findings() == ["dealdesk.links"]


def test_a_register_that_differs_is_found(approved):
    ExceptionRecord.objects.update(outcome="pending", decided_at=None)

    assert findings() == ["dealdesk.exceptions"]


def test_the_triggers_are_those_declared():
    assert triggers.problems() == []


def test_a_decision_is_kept_even_from_sql(approved):
    from django.db import IntegrityError, transaction

    with (
        pytest.raises(IntegrityError, match="never rewritten"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE dealdesk_decision SET verdict = 'rejected', reason = 'x'")


def test_later_than_the_first_hour_the_register_counts(approved):
    assert ExceptionRecord.objects.get().decided_at == AT + HOUR
