"""Telling the deal desk of large deals as they reach the stage where they are priced."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from dealdesk.coverage import PROPOSAL
from dealdesk.inputs import policy_in_force
from dealdesk.models import Quote
from dealdesk.policy import SizeMode
from pipeline.models import Deal, Move
from pipeline.registry import PlannedMove
from revops.company.models import Company
from revops.company.rates import RateMissing, convert
from revops.frame.formats import money_text, rounded
from revops.outbox.operations import notify
from revops.people.actor import Actor
from revops.people.models import Role, User

ONWARD = frozenset({Move.ADVANCE, Move.SKIP, Move.TRANSFER})


def alert_desk(move: PlannedMove, *, by: Actor, at: datetime) -> None:
    """Tell everybody on the desk once of a large deal that enters the stage of proposals.

    Its annual value is that of the primary quote; without one, its amount stands for it. An
    amount without an exchange rate is told as well: nobody knows that it is small. What is large
    is what the policy in force reviews or announces; where its size axis is off, nobody is told.
    """
    if move.to_stage != PROPOSAL or move.kind not in ONWARD:
        return
    amount, currency = annual_value(move.deal)
    if not is_large(amount, currency, at=at):
        return
    facts = {
        "deal": move.deal.name,
        "owner": move.deal.owner.name,
        "value": money_text(rounded(amount, currency), currency),
        "who": by.name,
    }
    for person in User.objects.active().holding(Role.DEAL_DESK).order_by("pk"):
        notify(
            person,
            "deal.large",
            about=move.deal,
            dedupe_key=str(move.deal.pk),
            at=at,
            context=facts,
            link=f"deal:{move.deal.pk}",
        )


def annual_value(deal: Deal) -> tuple[Decimal, str]:
    quote = Quote.objects.filter(deal=deal, is_primary=True).first()
    if quote is not None and quote.annual_amount is not None:
        return quote.annual_amount, quote.currency
    return deal.amount or Decimal(0), deal.currency


def is_large(amount: Decimal, currency: str, *, at: datetime) -> bool:
    size, company = policy_in_force()[1].size, Company.get()
    if size.mode is SizeMode.OFF:
        return False
    try:
        return convert(amount, currency, company.local_day(at), company=company) > size.threshold
    except RateMissing:
        return amount > 0
