"""One small company with at least one row in every table of ours."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from dealdesk.drafts import ConcessionDraft
from dealdesk.models import (
    ApprovalOpening,
    ApprovalRequest,
    ApprovalSlot,
    CounterOffer,
    Decision,
    DecisionRevocation,
    GrantUse,
    LineYear,
    MailReply,
    NonStandardTerm,
    Nudge,
    PaperCheck,
    PaperTick,
    ReplayChanges,
    ReplayFile,
    ReplayRun,
    StandingGrant,
    TermDiscount,
    TermRung,
    VolumeTier,
)
from dealdesk.operations import answer_question, ask_desk, ask_submitter, claim_approval
from dealdesk.operations.policydrafting import change_policy_draft, start_policy_draft
from dealdesk.policy import Floor, JudgedBasis
from pipeline.findings import folding
from pipeline.models import (
    AlertPreference,
    CleanUpRun,
    ClosePullIn,
    ClosePush,
    CriterionTick,
    Deal,
    DealContact,
    DealMember,
    DeclaredNone,
    DigestSent,
    ExitCriterion,
    FindingAlert,
    ForecastCall,
    ForecastSnapshot,
    GateDebt,
    Pipeline,
    PipelineVersion,
    Quota,
    RequiredItem,
    Stage,
    StageRemoval,
    StageRule,
)
from pipeline.tallies import fold
from revops.apikeys.models import IdempotencyKey, Token
from revops.company.models import ExchangeRate, FieldDefinition
from revops.imports.models import FieldWinner, ImportRun, SavedMapping, SourceRecord
from revops.ledger.operations import seal_checkpoint
from revops.people.models import Absence, User
from revops.work.models import Attachment, Task
from revops.worktime.models import Calendar, Holiday
from tests.factories.dealdesk import decide, make_quote, slot_of, submit, term
from tests.factories.people import AT, SYSTEM, by, make_person, make_team
from tests.factories.pipeline import make_account, make_contact, make_deal, new_business
from tests.project.constraints.breaking import DAY, LATER


def build() -> None:
    team = make_team("North")
    vp = make_person("Vera Vance", roles=["vp_sales"])
    rep = make_person("Rita Reyes", roles=["rep"], manager=vp, team=team)
    desk = make_person("Dora Diaz", roles=["deal_desk"])
    deal = make_deal(rep, account=make_account(employees=100))
    DealContact.objects.create(deal=deal, contact=make_contact(deal.account))
    on_deal(deal, rep)
    sell(deal, rep, vp, desk)
    folding.fold(at=AT)
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


def noticed(slot: ApprovalSlot, rep: User) -> None:
    """What shows that a request and its people met."""
    ApprovalOpening.objects.create(slot=slot, opened_at=AT, via="web")
    Nudge.objects.create(request=slot.step.request, day=DAY, nudged_at=AT, nudged_by=rep, via="web")
    MailReply.objects.create(message_id="1", slot=slot, outcome="commented", received_at=AT)
