"""For each constraint of each table one row that breaks it, and the database refuses it.

The rows come from one small company whose deal, quote and request went through the operations. A
bad row is a change to one of them, or its twin with some columns changed.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.apps import apps
from django.db import DatabaseError, IntegrityError, connection, models, transaction

from dealdesk.drafts import ConcessionDraft
from dealdesk.models import (
    ApprovalCondition,
    ApprovalLink,
    ApprovalOpening,
    ApprovalRequest,
    ApprovalSlot,
    ApprovalStep,
    BillingFrequency,
    ClockMark,
    Concession,
    CounterOffer,
    Decision,
    DecisionRevocation,
    DeskMessage,
    DeskThread,
    DraftAcknowledgement,
    DraftBand,
    DraftCategory,
    DraftFloor,
    DraftRole,
    DraftSegment,
    DraftTable,
    DraftTiming,
    ExceptionRecord,
    GrantUse,
    LineYear,
    MailReply,
    NonStandardTerm,
    Nudge,
    PaperCheck,
    PaperTick,
    PaymentTerms,
    PolicyCase,
    PolicyDraft,
    PolicyVersion,
    Price,
    PriceList,
    Product,
    Quote,
    QuoteLine,
    QuoteTerm,
    ReplayChanges,
    ReplayFile,
    ReplayRun,
    RequestMessage,
    SlotClaim,
    StandingGrant,
    TermDiscount,
    TermRung,
    TermsSnapshot,
    VolumeTier,
)
from dealdesk.operations import answer_question, ask_desk, ask_submitter, claim_approval
from dealdesk.operations.policydrafting import change_policy_draft, start_policy_draft
from dealdesk.policy import Floor, JudgedBasis
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
from pipeline.tallies import fold
from revops import triggers
from revops.apikeys.models import IdempotencyKey, Token
from revops.company.models import Company, ExchangeRate, FieldDefinition
from revops.imports.models import FieldWinner, ImportRun, SavedMapping, SourceRecord
from revops.ledger.models import Checkpoint, Entry, EntryRelation, PersonalValue
from revops.ledger.operations import seal_checkpoint
from revops.outbox.models import Delivery, Notification
from revops.people.models import Absence, ReportingLink, RoleGrant, Team, User
from revops.work.models import Attachment, Task
from revops.worktime.models import Calendar, Holiday
from tests.factories.dealdesk import decide, make_quote, slot_of, submit, term
from tests.factories.people import AT, SYSTEM, by, make_person, make_team
from tests.factories.pipeline import make_account, make_contact, make_deal, new_business

pytestmark = pytest.mark.django_db

OURS = ("revops", "pipeline", "dealdesk")
DAY = date(2026, 11, 3)
LATER = AT + timedelta(days=1)


def our_models() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if model.__module__.split(".")[0] in OURS]


# The company


@pytest.fixture(scope="module")
def company(django_db_setup, django_db_blocker):
    """At least one row in every table of ours; all of it is undone in the end."""
    whole = transaction.atomic()
    whole._from_testcase = True  # as Django's own TestCase: durable operations may run inside
    with django_db_blocker.unblock(), whole:
        build()
        yield
        transaction.set_rollback(True)


def build() -> None:
    team = make_team("North")
    vp = make_person("Vera Vance", roles=["vp_sales"])
    rep = make_person("Rita Reyes", roles=["rep"], manager=vp, team=team)
    desk = make_person("Dora Diaz", roles=["deal_desk"])
    deal = make_deal(rep, account=make_account(employees=100))
    DealContact.objects.create(deal=deal, contact=make_contact(deal.account))
    on_deal(deal, rep)
    sell(deal, rep, vp, desk)
    draft_of_the_process()
    draft_of_the_policy()
    wordings(deal, desk)
    lent(deal, rep, vp)
    told_of(deal, rep)
    foretell(rep)
    around(rep)


def on_deal(deal: Deal, rep: User) -> None:
    DealMember.objects.create(deal=deal, person=rep)
    DeclaredNone.objects.create(deal=deal, item_key="redlines", declared_at=AT)
    CriterionTick.objects.create(deal=deal, stage=deal.stage, criterion_key="x", ticked_at=AT)
    GateDebt.objects.create(
        deal=deal, stage=deal.stage, item_key="fit_score", label="X", reason="So", incurred_at=AT
    )
    ClosePush.objects.create(
        deal=deal,
        from_date=DAY,
        to_date=DAY + timedelta(days=9),
        reason_key="budget",
        crosses_month=False,
        crosses_quarter=False,
        pushed_at=AT,
    )
    ClosePullIn.objects.create(
        deal=deal, from_date=DAY + timedelta(days=9), to_date=DAY, pulled_at=AT
    )
    CleanUpRun.objects.create(scope="line", started_at=AT, started_by=rep)


def sell(deal: Deal, rep: User, vp: User, desk: User) -> None:
    """A request that waits for the desk after the VP agreed, and a draft beside it."""
    given = [ConcessionDraft("credit", amount=Decimal(1))]
    offer = make_quote(rep, 25, deal=deal, terms=[term()], concessions=given)
    LineYear.objects.create(
        line=offer.lines.get(), year=1, quantity=100, typed="percent", typed_value=25
    )
    request = submit(offer)
    asked = ask_submitter(slot=slot_of(request, vp), body="Why?", by=by(vp), at=AT)
    claim_approval(slot=slot_of(request, vp), by=by(vp), at=AT)
    ask_desk(deal=deal, body="And?", by=by(rep), at=AT)
    noticed(slot_of(request, vp), rep)
    answer_question(question=asked, body="So", by=by(rep), at=AT)
    decide(request, vp, conditions=["A call"])
    DecisionRevocation.objects.create(
        decision=Decision.objects.get(),
        reason="Mistaken",
        revoked_at=AT,
        revoked_by=vp,
        via="web",
    )
    quote = make_quote(
        rep, 5, deal=deal, terms=[term()], concessions=[ConcessionDraft("free_months", months=1)]
    )
    row = quote.lines.get()
    LineYear.objects.create(line=row, year=1, quantity=1)
    VolumeTier.objects.create(product=row.product, from_quantity=10, discount_percent=5)
    TermDiscount.objects.create(product=row.product, from_months=99, discount_percent=5)
    TermDiscount.objects.create(from_months=99, discount_percent=5)


def wordings(deal: Deal, desk: User) -> None:
    """A fallback of a term, and a line of legal's checklist ticked on a request."""
    TermRung.objects.create(term=NonStandardTerm.objects.first(), name="Gold", text="99.9 %")
    line, request = PaperCheck.objects.first(), deal.approval_requests.first()
    PaperTick.objects.create(request=request, check_line=line, ticked_at=AT, ticked_by=desk)


def lent(deal: Deal, rep: User, vp: User) -> None:
    """A counter-offer, and authority that one request used."""
    asked = ApprovalRequest.objects.first()
    CounterOffer.objects.create(decision=Decision.objects.first(), patch="{}", body="", digest="0")
    grant = StandingGrant.objects.create(
        given_by=vp, role="vp_sales", person=rep, max_discount_percent=25, max_uses=2,
        max_amount=9, currency="USD", ends_on=DAY, given_at=AT, used_count=1,
    )  # fmt: skip
    GrantUse.objects.create(grant=grant, request=asked, amount=0, drawn_at=AT)


def told_of(deal: Deal, rep: User) -> None:
    AlertPreference.objects.create(person=rep)
    FindingAlert.objects.create(deal=deal, finding="stale", person=rep, found_at=AT)
    DigestSent.objects.create(person=rep, kind="weekly", day=DAY, sent_at=AT)


def replays() -> None:
    """A policy tried on what was submitted, and on a file."""
    begun = {"policy_body": "{}", "policy_digest": "0", "started_at": AT}
    run = ReplayRun.objects.create(
        name="X", against="was", since=DAY, until=DAY, state="done", finished_at=AT, **begun
    )
    ReplayChanges.objects.create(run=run, kind="freed", number=0, body=[])
    ReplayFile.objects.create(name="x.csv", file="x.csv", size=1, sha256="0", **begun)


def draft_of_the_policy() -> None:
    start_policy_draft(by=SYSTEM, at=AT)
    floors = (Floor(JudgedBasis.BLENDED, Decimal(90)),)
    change_policy_draft(changes={"floors": floors}, by=SYSTEM, at=AT)


def draft_of_the_process() -> None:
    version = PipelineVersion.objects.create(pipeline=new_business(), number=2)
    rule = StageRule.objects.create(version=version, stage=Stage.objects.first(), position=1)
    RequiredItem.objects.create(rule=rule, key="x", label="X")
    ExitCriterion.objects.create(rule=rule, key="x", label="X")
    remove_a_stage(version)
    remove_a_stage(published := PipelineVersion.objects.create(pipeline=elsewhere(), number=1))
    published.published_at = AT
    published.save()


def remove_a_stage(version: PipelineVersion) -> None:
    stages = [
        Stage.objects.create(pipeline=version.pipeline, key=key, name=key) for key in ("gone", "on")
    ]
    StageRemoval.objects.create(version=version, stage=stages[0], goes_to=stages[1])


def elsewhere() -> Pipeline:
    return Pipeline.objects.create(key="elsewhere", name="Elsewhere", retired_at=AT)


def foretell(rep: User) -> None:
    """Quotas with and without a pipeline, a call, and a snapshot with and without a month."""
    period = {"starts_on": DAY, "ends_on": DAY + timedelta(days=9)}
    money = {"amount": 1, "currency": "USD", "pipeline": new_business()}
    Quota.objects.create(person=rep, source="crm", external_id="1", **period, **money)
    Quota.objects.create(person=rep, **period, **(money | {"pipeline": None}))
    ForecastCall.objects.create(
        person=rep, category="commit", reason="So", made_at=AT, **period, **money
    )
    for month in (DAY, None):
        ForecastSnapshot.objects.create(
            taken_on=DAY, owner=rep, month=month, category="commit", **money
        )


def around(rep: User) -> None:
    fold(at=AT)
    Absence.objects.create(person=rep, first_day=DAY, last_day=DAY, entered_at=AT)
    ExchangeRate.objects.create(currency="EUR", per_company_unit=1, valid_from=DAY)
    FieldDefinition.objects.create(entity="deal", key="x", kind="text", label="X")
    Holiday.objects.create(calendar=Calendar.objects.first(), day=DAY, name="Ours")
    Task.objects.create(
        kind="x", about_type="deal", about_id=1, title="X", assignee=rep, opened_at=AT,
        dedupe_key="x",
    )  # fmt: skip
    Attachment.objects.create(
        file="x.pdf", name="x.pdf", sha256="0", size=1, about_type="deal", about_id=1,
        uploaded_at=AT,
    )  # fmt: skip
    SourceRecord.objects.create(
        source="crm", entity="deal", external_id="1", record_id=1, imported_at=AT
    )
    FieldWinner.objects.create(
        source="crm", entity="deal", field="name", winner="ours", chosen_at=AT
    )
    SavedMapping.objects.create(kind="deals", name="X", text="", saved_at=AT)
    ImportRun.objects.create(
        kind="deals", file="x.csv", name="x.csv", size=1, sha256="0", uploaded_at=AT,
        started_at=AT, state="importing",
    )  # fmt: skip
    replays()
    Token.objects.create(person=rep, token_hash="0", hint="0", created_at=AT)
    IdempotencyKey.objects.create(
        person=rep, key="x", path="/", request_hash="0", claimed_at=AT, expires_at=LATER
    )
    seal_checkpoint(at=LATER)


# The ways to write a bad row, past every operation


def change(model, /, _where=None, **facts):
    """Write facts into one row (the first, or the first that fits)."""

    def write():
        row = model._base_manager.filter(**(_where or {})).order_by("pk").first()
        assert row is not None, f"no {model.__name__} to change"
        model._base_manager.filter(pk=row.pk).update(**facts)

    return write


def twin(model, /, _where=None, **facts):
    """Add a copy of one row (the first, or the first that fits) with other facts."""

    def write():
        row = model._base_manager.filter(**(_where or {})).order_by("pk").first()
        assert row is not None, f"no {model.__name__} to copy"
        copy = {
            field.attname: getattr(row, field.attname)
            for field in model._meta.concrete_fields
            if not field.primary_key
        }
        model._base_manager.bulk_create([model(**copy | facts)])

    return write


def both(model, **facts):
    """Write the same facts into all rows and into a twin of one."""

    def write():
        change(model, **facts)()
        twin(model, **facts)()

    return write


def another_policy(**facts):
    """Add a version that is not in force."""
    return twin(PolicyVersion, number=999, in_force=False, **facts)


def somebody() -> User:
    return User.objects.order_by("pk").first()


def own(model, column):
    """Let a row point at itself."""
    return lambda: model._base_manager.update(**{column: models.F("pk")})


def by_somebody(model, column, way=change):
    """A person without a moment."""
    return lambda: way(model, **{column: somebody().pk})()


BAD = {
    # People
    "people_team.key": twin(Team),
    "people_user.email": twin(User),
    "people_user_email_is_lower_case": change(User, email="Rita@Example.com"),
    "people_user_external_id_unique_in_source": lambda: (
        change(User, source="crm", external_id="1")(),
        twin(User, email="twin@dealdesk.example")(),
    ),
    "people_user_deactivation_has_when": change(User, is_active=False),
    "people_user_admission_has_when": by_somebody(User, "admitted_by_id", lambda model, **facts: (
        change(model, admitted_at=None, **facts)
    )),
    "people_user_is_not_their_own_manager": own(User, "manager_id"),
    "people_role_grant_one_active_per_role": twin(RoleGrant),
    "people_role_grant_role_is_known": twin(RoleGrant, role="emperor"),
    "people_role_grant_revocation_has_when": by_somebody(RoleGrant, "revoked_by_id"),
    "people_absence_ends_after_it_begins": change(Absence, last_day=DAY - timedelta(days=1)),
    "people_absence_delegate_is_somebody_else": change(
        Absence, delegate_id=models.F("person_id")
    ),
    "people_absence_cancelled_has_when": by_somebody(Absence, "cancelled_by_id"),
    "people_reporting_link_once": twin(ReportingLink),
    "people_reporting_link_has_no_cycle": change(ReportingLink, {"depth": 0}, depth=1),
    # Company and working time
    "company_company_is_one_row": lambda: Company.objects.bulk_create([Company(pk=2)]),
    "company_company_currency_is_a_code": change(Company, currency="usd"),
    "company_exchange_rate_one_a_day": twin(ExchangeRate),
    "company_exchange_rate_is_positive": change(ExchangeRate, per_company_unit=0),
    "company_field_definition_key_once": twin(FieldDefinition),
    "worktime_calendar.name": twin(Calendar, is_default=False),
    "worktime_calendar_one_default": twin(Calendar, {"is_default": True}, name="Twin"),
    "worktime_holiday_once": twin(Holiday),
    # Ledger, outbox, work, imports, keys of the API
    "ledger_entry_one_chain_per_subject": twin(Entry),
    "ledger_entry_via_is_known": twin(Entry, sequence=999, via="telepathy"),
    "ledger_entry_relation_once": twin(EntryRelation),
    "ledger_personal_value_one_per_field": twin(PersonalValue),
    "ledger_checkpoint.number": twin(Checkpoint),
    "outbox_notification_told_once": twin(Notification),
    "outbox_delivery_bounce_has_what": change(Delivery, bounced_at=AT),
    "outbox_delivery_one_per_channel": twin(Delivery, message_id="<twin@dealdesk.example>"),
    "outbox_delivery.message_id": twin(Delivery, channel="pigeon"),
    "outbox_delivery_sent_has_when": change(Delivery, state="sent"),
    "outbox_delivery_claim_has_until": change(Delivery, state="sending"),
    "outbox_delivery_waiting_has_next_try": change(Delivery, state="waiting", next_try_at=None),
    "work_task_closing_has_when": change(Task, state="done"),
    "work_task_one_open_per_key": twin(Task),
    "work_attachment_removal_has_when": by_somebody(Attachment, "removed_by_id"),
    "imports_source_record_one_per_external_id": twin(SourceRecord),
    "imports_field_winner_one_per_field": twin(FieldWinner),
    "imports_saved_mapping_one_per_name": twin(SavedMapping),
    "imports_run_one_at_a_time": twin(ImportRun),
    "imports_run_at_work_has_start": change(ImportRun, finished_at=AT),
    "imports_run_start_has_when": by_somebody(
        ImportRun, "started_by_id", lambda model, **facts: change(
            model, state="checked", started_at=None, **facts
        )
    ),
    "imports_run_over_keeps_no_file": change(ImportRun, state="done"),
    "dealdesk_replay_finished_exactly_when_over": change(ReplayRun, finished_at=None),
    "dealdesk_replay_days_in_order": change(ReplayRun, since=DAY + timedelta(days=1)),
    "dealdesk_replay_names_what_it_is_held_against": change(ReplayRun, against="in_force"),
    "dealdesk_replay_changes_one_per_number": twin(ReplayChanges),
    "dealdesk_replay_file_kept_without_its_rows": by_somebody(
        ReplayFile, "kept_by_id", lambda model, **facts: change(model, kept_at=AT, **facts)
    ),
    "dealdesk_replay_file_finished_exactly_when_over": change(ReplayFile, finished_at=AT),
    "apikeys_token.token_hash": twin(Token),
    "apikeys_token_revocation_has_when": by_somebody(Token, "revoked_by_id"),
    "apikeys_idempotency_one_per_person_and_key": twin(IdempotencyKey),
    "apikeys_idempotency_answer_has_when": change(IdempotencyKey, status=200),
    # Pipeline: how a company sells
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
    # Pipeline: accounts and deals
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
    # Pipeline: history
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
    "dealdesk_mark_once": twin(ClockMark),
    "dealdesk_mark_kind_is_known": change(ClockMark, kind="alarm"),
    "dealdesk_mark_settled_has_outcome": change(ClockMark, outcome="done"),
    # Pipeline: what people are told, and what a stage brings with it
    "pipeline_alertpreference.person_id": twin(AlertPreference),
    "pipeline_alert_one_standing": twin(FindingAlert),
    "pipeline_digest_once_a_day": twin(DigestSent),
    "pipeline_stage_action_one_per_title": twin(StageAction),
    "pipeline_stage_action_has_time": change(StageAction, due_hours=0),
    # Pipeline: what is expected
    # Pipeline: how deals stood, and what was tallied
    "pipeline_standing_one_present_per_deal": twin(DealStanding, {"until": None}),
    "pipeline_standing_ends_after_it_began": twin(DealStanding, until=AT - timedelta(days=99)),
    "pipeline_tally_one_per_day_or_month": twin(Tally),
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
    # Deal desk: policy, price list, catalogue
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
    # Deal desk: quotes
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
    # Deal desk: requests, decisions, links, register
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
}  # fmt: skip


def noticed(slot: ApprovalSlot, rep: User) -> None:
    """What shows that a request and its people met."""
    ApprovalOpening.objects.create(slot=slot, opened_at=AT, via="web")
    Nudge.objects.create(request=slot.step.request, day=DAY, nudged_at=AT, nudged_by=rep, via="web")
    MailReply.objects.create(message_id="1", slot=slot, outcome="commented", received_at=AT)


def again(**facts) -> None:
    """A second request on the same quote, with a snapshot of its own."""
    twin(TermsSnapshot)()
    twin(ApprovalRequest, snapshot_id=TermsSnapshot.objects.get(request=None).pk, **facts)()


def uncountered() -> Decision:
    twin(Decision, slot_id=undecided().pk)()
    return Decision.objects.get(counter=None)


def undecided() -> ApprovalSlot:
    return ApprovalSlot.objects.filter(decision=None).first()


def constrained() -> dict[str, type[models.Model]]:
    """Every rule that our tables keep: named constraints, and columns unique by themselves."""
    found = {c.name: model for model in our_models() for c in model._meta.constraints}
    for model in our_models():
        for field in model._meta.local_concrete_fields:
            if field.unique and not field.primary_key:
                found[f"{model._meta.db_table}.{field.column}"] = model
    return found


def told_as(name: str) -> str:
    """How the database names what was broken. SQLite names the columns of what must be unique."""
    model = constrained()[name]
    if "." in name:
        table, column = name.split(".")
        return rf"{table}_{column}|{name}" if connection.vendor == "postgresql" else name
    [constraint] = [c for c in model._meta.constraints if c.name == name]
    if connection.vendor == "sqlite" and isinstance(constraint, models.UniqueConstraint):
        columns = [model._meta.get_field(field).column for field in constraint.fields]
        return ", ".join(rf"{model._meta.db_table}\.{column}" for column in columns) + "$"
    return name


@pytest.mark.parametrize("name", BAD)
def test_the_database_refuses_a_row_against(company, name):
    with pytest.raises(IntegrityError, match=told_as(name)), transaction.atomic():
        BAD[name]()


def test_every_constraint_has_its_bad_row():
    assert set(BAD) == set(constrained())


# Who and when


def test_who_and_when_belong_together():
    """A person who did something did it at a moment; the moment may be without a person, since
    the system, an import or a command also acts. Found by the names of the columns."""
    loose = []
    for model in our_models():
        fields = {field.name: field for field in model._meta.concrete_fields}
        for name, moment in fields.items():
            person = fields.get(f"{name.removesuffix('_at')}_by")
            if not name.endswith("_at") or person is None or not moment.null:
                continue
            if not any({name, person.name} <= named(c) for c in model._meta.constraints):
                loose.append(f"{model._meta.label}.{name}")

    assert loose == []


def named(constraint) -> set[str]:
    """The fields that a check speaks of."""
    if not isinstance(constraint, models.CheckConstraint):
        return set()
    return {part.split("__")[0] for part in leaves(constraint.condition)}


def leaves(condition: models.Q):
    for child in condition.children:
        if isinstance(child, models.Q):
            yield from leaves(child)
        else:
            yield child[0]


# History


@pytest.mark.parametrize("rule", triggers.declared(), ids=lambda rule: rule.table)
def test_the_database_keeps_history(company, rule):
    """Nothing is deleted, and no column changes but those that the rule lets go."""
    model = next(model for model in our_models() if model._meta.db_table == rule.table)
    rows = model._base_manager.filter(pk=kept_row(rule, model))

    with pytest.raises(DatabaseError, match=rule.why or "never rewritten"), transaction.atomic():
        rows._raw_delete(using="default")
    for field in model._meta.concrete_fields:
        value = getattr(rows.get(), field.attname)
        if field.primary_key or field.column in rule.free:
            continue
        if value is None and field.column in rule.once:
            continue
        if value == [] and field.column in rule.from_empty:
            continue
        with (
            pytest.raises(DatabaseError, match=rule.why or "never rewritten"),
            transaction.atomic(),
        ):
            rows.update(**{field.attname: other_than(value, field)})


def kept_row(rule: triggers.Rule, model: type[models.Model]) -> int:
    """A row that the rule holds for."""
    condition = rule.frozen_when.format(row=rule.table) or "1 = 1"
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT id FROM "{rule.table}" WHERE {condition} LIMIT 1')
        found = cursor.fetchone()
    assert found, f"no row of {model.__name__} is kept"
    return found[0]


def other_than(value, field):
    """Some other value that the column could hold."""
    if isinstance(field, models.ForeignKey):
        return (value or 0) + 1
    if isinstance(field, models.JSONField):
        return ["other"]
    if isinstance(field, models.BooleanField):
        return not value
    if isinstance(field, models.DateTimeField):
        return (value or AT) + timedelta(days=1)
    if isinstance(field, models.DateField):
        return (value or DAY) + timedelta(days=1)
    if isinstance(field, models.CharField | models.TextField | models.FileField):
        return "b" if str(value) == "a" else "a"
    return (value or 0) + 1
