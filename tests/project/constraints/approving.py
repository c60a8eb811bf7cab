"""Bad rows of quotes, requests, decisions, links and the register."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from dealdesk.models import (
    ApprovalCondition,
    ApprovalLink,
    ApprovalOpening,
    ApprovalRequest,
    ApprovalSlot,
    ApprovalStep,
    ClockMark,
    Concession,
    CounterOffer,
    Decision,
    DecisionRevocation,
    DeskMessage,
    DeskThread,
    ExceptionRecord,
    GrantUse,
    LineYear,
    MailReply,
    Nudge,
    Quote,
    QuoteLine,
    QuoteTerm,
    RequestMessage,
    SlotClaim,
    StandingGrant,
    TermsSnapshot,
)
from tests.factories.people import AT
from tests.project.constraints.breaking import DAY, LATER, change, twin


def again(**facts) -> None:
    """A second request on the same quote, with a snapshot of its own."""
    twin(TermsSnapshot)()
    twin(ApprovalRequest, snapshot_id=TermsSnapshot.objects.get(request=None).pk, **facts)()


def uncountered() -> Decision:
    twin(Decision, slot_id=undecided().pk)()
    return Decision.objects.get(counter=None)


def undecided() -> ApprovalSlot:
    return ApprovalSlot.objects.filter(decision=None).first()


APPROVING = {
    # Quotes
    "dealdesk_quote_one_per_revision": twin(Quote, is_primary=False),
    "dealdesk_quote_one_primary_per_deal": lambda: (
        Quote.objects.filter(revision=1).update(is_primary=True),
        twin(Quote, {"is_primary": True}, revision=99)(),
    ),
    "dealdesk_quote_submitted_has_when": change(Quote, {"status": "draft"}, submitted_at=AT),
    "dealdesk_quote_net_not_negative": change(Quote, {"status": "draft"}, net_amount=-1),
    "dealdesk_line_one_per_position": twin(QuoteLine, {"quote__status": "draft"}, key=""),
    "dealdesk_line_one_per_key": lambda: (
        change(QuoteLine, {"quote__status": "draft"}, key="a")(),
        twin(QuoteLine, {"quote__status": "draft"}, position=99)(),
    ),
    "dealdesk_line_quantity_above_zero": change(
        QuoteLine, {"quote__status": "draft"}, quantity=0
    ),
    "dealdesk_line_typed_value_exactly_when_typed": change(
        QuoteLine, {"quote__status": "draft"}, typed="percent", typed_value=None
    ),
    "dealdesk_line_percent_at_most_100": change(
        QuoteLine, {"quote__status": "draft"}, typed="percent", typed_value=Decimal("100.01")
    ),
    "dealdesk_line_year_one": twin(LineYear, {"line__quote__status": "draft"}),
    "dealdesk_line_year_in_range": change(LineYear, {"line__quote__status": "draft"}, year=0),
    "dealdesk_concession_has_its_value": change(Concession, {"kind": "free_months"}, months=0),
    "dealdesk_concession_has_one_value": change(Concession, {"kind": "free_months"}, amount=1),
    "dealdesk_quote_term_one": twin(QuoteTerm, {"quote__status": "draft"}),
    # Requests, decisions, links, register
    "dealdesk_approvalrequest.snapshot_id": twin(
        ApprovalRequest, attempt=99, status="recalled", decided_at=AT
    ),
    "dealdesk_request_one_per_attempt": lambda: again(status="recalled", decided_at=AT),
    "dealdesk_request_one_pending_per_quote": lambda: again(attempt=99),
    "dealdesk_request_status_is_known": change(ApprovalRequest, status="maybe", decided_at=AT),
    "dealdesk_request_decided_exactly_when_ended": change(ApprovalRequest, status="recalled"),
    "dealdesk_request_approved_has_valid_until": change(
        ApprovalRequest, status="approved", decided_at=AT, valid_until=None
    ),
    "dealdesk_request_consumed_has_when": change(
        ApprovalRequest, status="consumed", decided_at=AT, valid_until=LATER
    ),
    "dealdesk_request_bypass_has_who_when_and_why": change(ApprovalRequest, bypassed_at=AT),
    "dealdesk_request_needed_by_has_cause": change(ApprovalRequest, needed_by=DAY),
    "dealdesk_step_one_per_position": twin(ApprovalStep),
    "dealdesk_step_settled_has_when": change(ApprovalStep, state="cancelled", settled_at=None),
    "dealdesk_slot_one_per_person_and_step": twin(ApprovalSlot),
    "dealdesk_slot_requested_has_due": change(ApprovalSlot, {"state": "requested"}, due_at=None),
    "dealdesk_slot_carried_has_decision": change(
        ApprovalSlot, state="carried_forward", closed_at=AT
    ),
    "dealdesk_slot_pause_has_time_left": change(ApprovalSlot, paused_at=AT),
    "dealdesk_claim_one_per_step_and_role": twin(SlotClaim),
    "dealdesk_approvalopening.slot_id": twin(ApprovalOpening),
    "dealdesk_nudge_one_a_day": twin(Nudge),
    "dealdesk_mailreply.message_id": twin(MailReply),
    "dealdesk_reply_taken_has_slot": twin(MailReply, message_id="2", slot_id=None),
    "dealdesk_reply_decides_authenticated": twin(MailReply, message_id="2", outcome="decided"),
    "dealdesk_reply_left_has_why": twin(MailReply, message_id="2", outcome="refused"),
    "dealdesk_thread_waits_on_is_known": change(DeskThread, waits_on="fate", due_at=None),
    "dealdesk_thread_due_exactly_while_desk_is_asked": change(DeskThread, due_at=None),
    "dealdesk_thread_closed_has_who_and_when": change(DeskThread, waits_on="nobody", due_at=None),
    "dealdesk_deskmessage_says_something": twin(DeskMessage, body=""),
    "dealdesk_condition_says_something": twin(ApprovalCondition, text=""),
    "dealdesk_condition_done_has_who_when_and_how": change(ApprovalCondition, done_at=AT),
    "dealdesk_message_says_something": twin(RequestMessage, {"kind": "question"}, body=""),
    "dealdesk_message_question_has_slot": twin(RequestMessage, {"kind": "question"}, slot_id=None),
    "dealdesk_message_answer_has_question": twin(
        RequestMessage, {"kind": "question"}, kind="answer", slot_id=None
    ),
    "dealdesk_requestmessage.question_id": twin(RequestMessage, {"kind": "answer"}),
    "dealdesk_slot_closed_exactly_when_settled": change(
        ApprovalSlot, {"state": "requested"}, state="cancelled"
    ),
    "dealdesk_step_added_has_who_and_why": change(ApprovalStep, added_why="So"),
    "dealdesk_counteroffer.decision_id": twin(CounterOffer),
    "dealdesk_counter_says_what": lambda: twin(
        CounterOffer, decision_id=uncountered().pk, patch=""
    )(),
    "dealdesk_counter_answered_has_who_and_when": change(CounterOffer, answer="declined"),
    "dealdesk_grant_has_one_grantee": twin(StandingGrant, person_id=None),
    "dealdesk_grant_never_to_oneself": lambda: twin(
        StandingGrant, person_id=StandingGrant.objects.first().given_by_id
    )(),
    "dealdesk_grant_has_a_budget": twin(StandingGrant, max_uses=0, used_count=0),
    "dealdesk_grant_never_overdrawn": change(StandingGrant, used_count=99),
    "dealdesk_grant_revoked_has_who_when_and_why": change(StandingGrant, revoked_at=AT),
    "dealdesk_grantuse.request_id": twin(GrantUse),
    "dealdesk_grant_use_not_negative": lambda: (
        again(status="recalled", decided_at=AT, attempt=99),
        twin(GrantUse, request_id=ApprovalRequest.objects.get(attempt=99).pk, amount=-1)(),
    ),
    "dealdesk_grant_use_returned_has_why": change(GrantUse, returned_at=AT),
    "dealdesk_decision.slot_id": twin(Decision),
    "dealdesk_decision_rejection_has_reason": lambda: twin(
        Decision, slot_id=undecided().pk, verdict="rejected", reason=""
    )(),
    "dealdesk_decision_verdict_is_known": lambda: twin(
        Decision, slot_id=undecided().pk, verdict="perhaps"
    )(),
    "dealdesk_decisionrevocation.decision_id": twin(DecisionRevocation),
    "dealdesk_revocation_has_reason": twin(DecisionRevocation, reason=""),
    "dealdesk_approvallink.nonce": twin(ApprovalLink, token_hash="twin", consumed_at=AT),
    "dealdesk_approvallink.token_hash": twin(ApprovalLink, nonce="twin", consumed_at=AT),
    "dealdesk_link_one_live_per_slot": twin(
        ApprovalLink, {"consumed_at": None, "killed_at": None}, nonce="twin", token_hash="twin"
    ),
    "dealdesk_link_expires_after_issue": change(ApprovalLink, expires_at=AT - timedelta(days=99)),
    "dealdesk_link_kill_has_why": change(ApprovalLink, {"killed_at": None}, killed_why="expired"),
    "dealdesk_exception_decided_exactly_when_ended": change(ExceptionRecord, outcome="approved"),
    "dealdesk_exception_catalogue_has_term": change(
        ExceptionRecord, {"kind": "catalogue"}, term=None
    ),
    "dealdesk_mark_once": twin(ClockMark),
    "dealdesk_mark_kind_is_known": change(ClockMark, kind="alarm"),
    "dealdesk_mark_settled_has_outcome": change(ClockMark, outcome="done"),
}  # fmt: skip
