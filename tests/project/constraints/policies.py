"""Bad rows of policies, price lists and the catalogue."""

from __future__ import annotations

from datetime import date, timedelta

from dealdesk.models import (
    BillingFrequency,
    DraftAcknowledgement,
    DraftBand,
    DraftCategory,
    DraftFloor,
    DraftRole,
    DraftSegment,
    DraftTable,
    DraftTiming,
    NonStandardTerm,
    PaperCheck,
    PaperTick,
    PaymentTerms,
    PolicyCase,
    PolicyDraft,
    PolicyVersion,
    Price,
    PriceList,
    Product,
    ReplayChanges,
    ReplayFile,
    ReplayRun,
    TermDiscount,
    TermRung,
    VolumeTier,
)
from tests.factories.people import AT
from tests.project.constraints.breaking import DAY, by_somebody, change, twin


def another_policy(**facts):
    """Add a version that is not in force."""
    return twin(PolicyVersion, number=999, in_force=False, **facts)


POLICIES = {
    # Policy, price list, catalogue
    "dealdesk_policyversion.number": twin(PolicyVersion, in_force=False),
    "dealdesk_policy_one_in_force": twin(PolicyVersion, {"in_force": True}, number=999),
    "dealdesk_policy_proposal_has_who_and_when": another_policy(proposed_at=AT),
    "dealdesk_policy_confirmation_has_who_and_when": another_policy(confirmed_at=AT),
    "dealdesk_policy_confirmed_by_a_second_person": by_somebody(
        PolicyVersion, "proposed_by_id", lambda model, **facts: another_policy(
            proposed_at=AT, confirmed_at=AT, confirmed_by_id=facts["proposed_by_id"], **facts
        )
    ),
    "dealdesk_policy_alone_has_its_proposer": another_policy(was_alone=True),
    "dealdesk_policydraft.is_open": twin(PolicyDraft),
    "dealdesk_policy_draft_only_one": change(PolicyDraft, is_open=False),
    "dealdesk_policy_draft_proposal_has_who_and_when": change(PolicyDraft, proposed_at=AT),
    "dealdesk_draft_table_one_per_place": twin(DraftTable),
    "dealdesk_draft_band_one_per_place": twin(DraftBand),
    "dealdesk_draft_floor_one_per_place": twin(DraftFloor),
    "dealdesk_draft_timing_one_general": twin(DraftTiming, {"is_general": True}),
    "dealdesk_draft_timing_general_is_for_all": change(
        DraftTiming, {"is_general": True}, segment="smb"
    ),
    "dealdesk_draft_category_once": twin(DraftCategory),
    "dealdesk_draft_segment_once": twin(DraftSegment),
    "dealdesk_draft_role_once": twin(DraftRole),
    "dealdesk_draft_role_percent_in_range": change(DraftRole, percent=101),
    "dealdesk_draft_acknowledged_once": twin(DraftAcknowledgement),
    "dealdesk_draft_acknowledgement_has_a_note": change(DraftAcknowledgement, note=""),
    "dealdesk_product.key": twin(Product),
    "dealdesk_product_one_per_external_id": lambda: (
        change(Product, source="erp", external_id="1")(),
        twin(Product, key="twin")(),
    ),
    "dealdesk_pricelist.currency": twin(PriceList),
    "dealdesk_price_amount_not_negative": change(Price, amount=-1),
    "dealdesk_price_ends_after_it_begins": change(Price, valid_until=date(1999, 1, 1)),
    "dealdesk_price_one_per_start": twin(Price),
    "dealdesk_volume_tier_percent_in_range": change(VolumeTier, discount_percent=100),
    "dealdesk_volume_tier_one_per_quantity": twin(VolumeTier),
    "dealdesk_term_discount_percent_in_range": change(TermDiscount, discount_percent=-1),
    "dealdesk_term_discount_one_per_length": twin(TermDiscount, {"product__isnull": False}),
    "dealdesk_term_discount_one_general": twin(TermDiscount, {"product": None}),
    "dealdesk_paymentterms.key": twin(PaymentTerms),
    "dealdesk_billingfrequency.key": twin(BillingFrequency),
    "dealdesk_nonstandardterm.key": twin(NonStandardTerm),
    "dealdesk_rung_one_per_name": twin(TermRung),
    "dealdesk_rung_prohibited_asks_nobody": change(TermRung, kind="prohibited", roles=["legal"]),
    "dealdesk_rung_has_text": change(TermRung, text=""),
    "dealdesk_check_one_per_text": twin(PaperCheck),
    "dealdesk_check_says_something": change(PaperCheck, text=""),
    "dealdesk_tick_one_per_line": twin(PaperTick),
    "dealdesk_case_one_per_name": twin(PolicyCase, shipped_key=""),
    "dealdesk_case_shipped_once": twin(PolicyCase, name="Twin"),
    "dealdesk_case_asks_exactly_when_expected": change(
        PolicyCase, {"expected": "asked"}, roles=[]
    ),
    "dealdesk_case_has_a_term": change(PolicyCase, months=0),
    # Policies tried on what was submitted
    "dealdesk_replay_finished_exactly_when_over": change(ReplayRun, finished_at=None),
    "dealdesk_replay_days_in_order": change(ReplayRun, since=DAY + timedelta(days=1)),
    "dealdesk_replay_names_what_it_is_held_against": change(ReplayRun, against="in_force"),
    "dealdesk_replay_changes_one_per_number": twin(ReplayChanges),
    "dealdesk_replay_file_kept_without_its_rows": by_somebody(
        ReplayFile, "kept_by_id", lambda model, **facts: change(model, kept_at=AT, **facts)
    ),
    "dealdesk_replay_file_finished_exactly_when_over": change(ReplayFile, finished_at=AT),
}  # fmt: skip
