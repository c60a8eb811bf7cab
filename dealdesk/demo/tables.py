"""The tables that a chunk of invented deals fills, in an order that the database takes."""

from __future__ import annotations

from functools import cache

from dealdesk.demo.rows import Table
from dealdesk.models import (
    ApprovalRequest,
    ApprovalSlot,
    ApprovalStep,
    Concession,
    Decision,
    ExceptionRecord,
    Quote,
    QuoteEdit,
    QuoteLine,
    QuoteTerm,
    TermsSnapshot,
)
from pipeline.models import (
    Account,
    Activity,
    ClosePush,
    Contact,
    CriterionTick,
    Deal,
    DealContact,
    DealStanding,
    DeclaredNone,
    GateDebt,
    StageVisit,
)
from revops.ledger.models import Entry, EntryRelation, PersonalValue
from revops.work.models import Task


@cache
def tables() -> dict[str, Table]:
    """Each kind of row with its columns, in the order in which a chunk is written."""
    return {**of_deals(), **of_visits(), **of_quotes(), **of_requests(), **of_the_ledger()}


def of_deals() -> dict[str, Table]:
    """Deals with their accounts and contacts."""
    return {
        "account": Table(
            Account,
            "id name domain industry country employees revenue_amount revenue_currency "
            "founded_year owner_id created_at search_text",
        ),
        "contact": Table(Contact, "id account_id name title email phone created_at"),
        "deal": Table(
            Deal,
            "id version name account_id pipeline_id stage_id status owner_id amount currency "
            "close_date closed_on opened_on entered_stage_at buyer_acted_at push_count "
            "deal_source product fit_score pain_points current_solution timeline "
            "technical_requirements stakeholder_map redlines contract_reference next_step "
            "next_step_date loss_reason competitor closed_owner_id closed_team_id "
            "closed_segment source external_id created_at search_text",
        ),
        "deal_contact": Table(DealContact, "deal_id contact_id role"),
    }


def of_visits() -> dict[str, Table]:
    """Where deals stood, and what was shown, owed, pushed and done there."""
    return {
        "visit": Table(
            StageVisit,
            "deal_id stage_id version_id move reason skipped entered_at entered_by_id left_at",
        ),
        "standing": Table(
            DealStanding,
            "deal_id since until pipeline_id stage_id status owner_id amount currency close_date "
            "forecast_category",
        ),
        "tick": Table(CriterionTick, "deal_id stage_id criterion_key ticked_at ticked_by_id"),
        "declared": Table(DeclaredNone, "deal_id item_key declared_at declared_by_id"),
        "debt": Table(
            GateDebt,
            "deal_id stage_id item_key label is_criterion none_allowed reason incurred_at "
            "incurred_by_id owner_id due_on paid_at paid_by_id",
        ),
        "push": Table(
            ClosePush,
            "deal_id from_date to_date reason_key note crosses_month crosses_quarter "
            "pushed_at pushed_by_id",
        ),
        "activity": Table(Activity, "id deal_id kind side happened_at body logged_by_id logged_at"),
    }


def of_quotes() -> dict[str, Table]:
    """Quotes, after their rows: nothing can be added to one that was submitted."""
    return {
        "line": Table(
            QuoteLine,
            "id quote_id position product_id period list_unit_price tier_percent term_percent "
            "quantity discount_kind typed typed_value",
        ),
        "concession": Table(Concession, "quote_id kind months"),
        "quote_term": Table(QuoteTerm, "quote_id term_id requested_value requested_text"),
        "quote": Table(
            Quote,
            "id deal_id revision based_on_id is_primary currency priced_on term_months "
            "payment_terms_id billing_id list_amount standard_amount net_amount annual_amount "
            "discount_percent status created_at created_by_id submitted_at",
        ),
        "edit": Table(QuoteEdit, "quote_id edited_at edited_by_id worsened"),
        "snapshot": Table(
            TermsSnapshot,
            "id quote_id body digest price_digest commercial_digest legal_digest segment taken_at",
        ),
    }


def of_requests() -> dict[str, Table]:
    """Requests with everybody asked, and what they leave in the register."""
    return {
        "request": Table(
            ApprovalRequest,
            "id quote_id deal_id attempt snapshot_id policy_id route route_key is_automatic why "
            "in_return in_return_note needed_by needed_cause status ended_reason submitted_at "
            "submitted_by_id expires_at decided_at valid_until consumed_at",
        ),
        "step": Table(
            ApprovalStep,
            "id request_id position wave key name mode groups topics reasons state settled_at",
        ),
        "slot": Table(
            ApprovalSlot,
            "id step_id role person_id substitution held_as state hours requested_at due_at "
            "closed_at",
        ),
        "decision": Table(
            Decision,
            "id slot_id verdict reason terms_digest topics decided_at decided_by_id via",
        ),
        "exception": Table(
            ExceptionRecord,
            "id request_id deal_id account_id kind term_id label standard_value "
            "requested_value granted_value discount_percent stake_amount segment tier "
            "requester_id team_id outcome requested_at decided_at business_hours",
        ),
        "decider": Table(ExceptionRecord.deciders.through, "exceptionrecord_id user_id"),
    }


def of_the_ledger() -> dict[str, Table]:
    """Tasks, and what the ledger holds of everything."""
    return {
        "task": Table(
            Task,
            "id kind about_type about_id title assignee_id due_at dedupe_key state result "
            "opened_at opened_by_id closed_at closed_by_id",
        ),
        "entry": Table(
            Entry,
            "id subject_type subject_id sequence verb actor_id via at facts_json previous_hash "
            "hash",
        ),
        "relation": Table(EntryRelation, "entry_id subject_type subject_id"),
        "personal": Table(PersonalValue, "entry_id subject_type subject_id field salt value_json"),
    }
