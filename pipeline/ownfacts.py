"""The facts of a deal that can confirm an exit criterion by themselves."""

from __future__ import annotations

from datetime import datetime

from pipeline.criteria import Derived, register_derived, since
from pipeline.items import SIGNED_CONTRACT
from pipeline.models import Activity, Deal, DealContact, StageVisit
from pipeline.registry import DealFacts
from revops.company.models import Company
from revops.frame.formats import day_text
from revops.work.models import Attachment


def on(moment: datetime) -> str:
    """The company's day of a moment, in words."""
    return day_text(Company.get().local_day(moment))


def happened(kind: str, sentence: str, deal: Deal, visit: StageVisit | None) -> Derived | None:
    """The first activity of a kind since the stage was entered."""
    rows = deal.activities.filter(kind=kind, happened_at__gte=since(deal, visit))
    activity = rows.order_by("happened_at", "pk").first()
    if activity is None:
        return None
    return Derived(activity.happened_at, f"{sentence} on {on(activity.happened_at)}.")


def meeting_held(deal: Deal, visit: StageVisit | None, facts: DealFacts) -> Derived | None:
    return happened(Activity.Kind.MEETING, "A meeting was held", deal, visit)


def call_held(deal: Deal, visit: StageVisit | None, facts: DealFacts) -> Derived | None:
    return happened(Activity.Kind.CALL, "A call was held", deal, visit)


def contract_attached(deal: Deal, visit: StageVisit | None, facts: DealFacts) -> Derived | None:
    if SIGNED_CONTRACT not in facts.attachments:
        return None
    file = Attachment.objects.about(deal).filter(kind=SIGNED_CONTRACT).last()
    if file is None:
        return None
    return Derived(file.uploaded_at, f"The contract was attached on {on(file.uploaded_at)}.")


def decision_maker_linked(deal: Deal, visit: StageVisit | None, facts: DealFacts) -> Derived | None:
    if DealContact.Role.DECISION_MAKER not in facts.contact_roles:
        return None
    return Derived(None, "A decision maker is linked.")


def next_step_planned(deal: Deal, visit: StageVisit | None, facts: DealFacts) -> Derived | None:
    day = deal.next_step_date
    if not deal.next_step or day is None:
        return None
    if facts.at is not None and day < Company.get().local_day(facts.at):
        return None
    return Derived(None, f"The next step is planned for {day_text(day)}.")


def register() -> None:
    register_derived(
        "meeting_held",
        "A meeting held after entering the stage",
        meeting_held,
        "Hold a meeting and log it.",
    )
    register_derived(
        "call_held",
        "A call held after entering the stage",
        call_held,
        "Hold a call and log it.",
    )
    register_derived(
        "contract_attached",
        "The signed contract is attached",
        contract_attached,
        "Attach the signed contract.",
    )
    register_derived(
        "decision_maker_linked",
        "A decision maker is linked",
        decision_maker_linked,
        "Link a contact as decision maker.",
    )
    register_derived(
        "next_step_planned",
        "The next step is planned with its day",
        next_step_planned,
        "Plan the next step, with its day.",
    )
