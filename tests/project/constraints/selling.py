"""Bad rows of the pipeline: its rules, accounts and deals, history, alerts and forecasts."""

from __future__ import annotations

from datetime import timedelta

from django.db import models

from pipeline.models import (
    Account,
    AlertPreference,
    Choice,
    CleanUpRun,
    ClosePullIn,
    ClosePush,
    Contact,
    CriterionTick,
    Deal,
    DealContact,
    DealMember,
    DealStanding,
    DeclaredNone,
    DigestSent,
    ExitCriterion,
    FindingAlert,
    FindingTally,
    ForecastCall,
    ForecastSnapshot,
    GateDebt,
    JunkWord,
    Pipeline,
    PipelineVersion,
    Quota,
    RequiredItem,
    Stage,
    StageAction,
    StageRemoval,
    StageRollup,
    StageRule,
    StageVisit,
    Tally,
)
from tests.factories.people import AT
from tests.project.constraints.breaking import DAY, LATER, both, by_somebody, change, own, twin

SELLING = {
    # How a company sells
    "pipeline_choice_one_per_key": twin(Choice),
    "pipeline_junkword.text": twin(JunkWord),
    "pipeline_pipeline.key": twin(Pipeline),
    "pipeline_version_one_per_number": twin(PipelineVersion),
    "pipeline_version_publication_has_when": by_somebody(
        PipelineVersion, "published_by_id", lambda model, **facts: change(
            model, {"published_at": None}, **facts
        )
    ),
    "pipeline_version_one_draft": twin(PipelineVersion, {"published_at": None}, number=99),
    "pipeline_stage_one_per_key": twin(Stage),
    "pipeline_version_draft_has_when": by_somebody(
        PipelineVersion, "drafted_by_id", lambda model, **facts: change(
            model, {"published_at": None}, **facts
        )
    ),
    "pipeline_removal_one_per_stage": twin(StageRemoval, {"version__published_at": None}),
    "pipeline_removal_leads_elsewhere": change(
        StageRemoval, {"version__published_at": None}, goes_to=models.F("stage")
    ),
    "pipeline_rule_one_per_stage": twin(StageRule, {"version__number": 2}, position=7),
    "pipeline_rule_one_per_position": lambda: twin(
        StageRule, {"version__number": 2}, stage_id=Stage.objects.last().pk
    )(),
    "pipeline_rule_probability_at_most_100": change(
        StageRule, {"version__number": 2}, probability_percent=101
    ),
    "pipeline_item_one_per_key": twin(RequiredItem, {"rule__version__number": 2}),
    "pipeline_criterion_one_per_key": twin(ExitCriterion, {"rule__version__number": 2}),
    # Accounts and deals
    "pipeline_account_one_per_external_id": both(Account, source="crm", external_id="1"),
    "pipeline_account_override_has_reason_who_and_when": change(Account, segment_override="smb"),
    "pipeline_account_is_not_its_own_parent": own(Account, "parent_id"),
    "pipeline_contact_one_per_external_id": both(Contact, source="crm", external_id="1"),
    "pipeline_deal_one_per_external_id": both(Deal, source="crm", external_id="1"),
    "pipeline_deal_status_is_known": change(Deal, status="maybe", closed_on=DAY),
    "pipeline_deal_closed_on_exactly_when_closed": change(Deal, status="won"),
    "pipeline_deal_open_has_close_date": change(Deal, close_date=None),
    "pipeline_deal_lost_has_reason": change(Deal, status="lost", closed_on=DAY),
    "pipeline_deal_has_account": change(Deal, account=None),
    "pipeline_deal_fit_score_at_most_100": change(Deal, fit_score=101),
    "pipeline_deal_amount_not_negative": change(Deal, amount=-1),
    "pipeline_deal_contact_one_per_role": twin(DealContact),
    "pipeline_deal_member_one_per_person": twin(DealMember),
    "pipeline_declared_none_one_per_item": twin(DeclaredNone),
    "pipeline_rollup_one_per_cell": twin(StageRollup),
    "pipeline_rollup_count_not_negative": change(StageRollup, count=-1),
    # History
    "pipeline_visit_one_open_per_deal": twin(StageVisit, {"left_at": None}),
    "pipeline_visit_has_entered_at": twin(
        StageVisit, move="advance", entered_at=None, entered_by=None, left_at=AT
    ),
    "pipeline_visit_entry_has_when": by_somebody(
        StageVisit, "entered_by_id", lambda model, **facts: twin(
            model, move="import", entered_at=None, left_at=AT, **facts
        )
    ),
    "pipeline_visit_left_after_entered": twin(StageVisit, left_at=AT - timedelta(days=1)),
    "pipeline_visit_irregular_move_has_reason": twin(StageVisit, move="skip", left_at=LATER),
    "pipeline_visit_override_has_reason": twin(StageVisit, is_override=True, left_at=LATER),
    "pipeline_tick_one_standing_per_criterion": twin(CriterionTick),
    "pipeline_tick_withdrawal_has_when": by_somebody(CriterionTick, "withdrawn_by_id"),
    "pipeline_push_is_later": twin(ClosePush, to_date=DAY),
    "pipeline_push_has_reason": twin(ClosePush, reason_key=""),
    "pipeline_pull_in_is_earlier": twin(ClosePullIn, to_date=DAY + timedelta(days=10)),
    "pipeline_clean_up_one_running_per_person": twin(CleanUpRun),
    "pipeline_clean_up_ends_after_it_began": change(
        CleanUpRun, finished_at=AT - timedelta(days=1)
    ),
    "pipeline_clean_up_step_is_known": change(CleanUpRun, step=6),
    "pipeline_debt_one_unpaid_per_item": twin(GateDebt, {"paid_at": None}),
    "pipeline_debt_payment_has_when": by_somebody(
        GateDebt, "paid_by_id", lambda model, **facts: twin(
            model, {"paid_at": None}, item_key="another", **facts
        )
    ),
    # What people are told, and what a stage brings with it
    "pipeline_alertpreference.person_id": twin(AlertPreference),
    "pipeline_alert_one_standing": twin(FindingAlert),
    "pipeline_digest_once_a_day": twin(DigestSent),
    "pipeline_stage_action_one_per_title": twin(StageAction),
    "pipeline_stage_action_has_time": change(StageAction, due_hours=0),
    # How deals stood, and what was tallied
    "pipeline_standing_one_present_per_deal": twin(DealStanding, {"until": None}),
    "pipeline_standing_ends_after_it_began": twin(DealStanding, until=AT - timedelta(days=99)),
    "pipeline_tally_one_per_day_or_month": twin(Tally),
    "pipeline_finding_tally_one_per_currency": twin(FindingTally),
    # What is expected
    "pipeline_quota_one_per_period": twin(Quota, {"pipeline__isnull": False}, external_id=""),
    "pipeline_quota_one_for_all_pipelines": twin(Quota, {"pipeline": None}),
    "pipeline_quota_period_is_ordered": change(Quota, ends_on=DAY - timedelta(days=1)),
    "pipeline_quota_is_above_nought": change(Quota, amount=0),
    "pipeline_quota_one_per_external_id": twin(
        Quota, {"external_id": "1"}, ends_on=DAY + timedelta(days=99)
    ),
    "pipeline_call_one_standing": twin(ForecastCall),
    "pipeline_call_has_reason": twin(ForecastCall, reason="", ended_at=AT),
    "pipeline_call_period_is_ordered": twin(
        ForecastCall, ends_on=DAY - timedelta(days=1), ended_at=AT
    ),
    "pipeline_call_end_has_when": by_somebody(ForecastCall, "ended_by_id"),
    "pipeline_snapshot_one_per_cell": twin(ForecastSnapshot, {"month__isnull": False}),
    "pipeline_snapshot_one_without_month": twin(ForecastSnapshot, {"month": None}),
}  # fmt: skip
