"""What a deal was worth and when it was to close, as that changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise

from pipeline.models import ClosePullIn, ClosePush, Deal, DealStanding
from revops.people.models import User
from revops.work.models import Task

MOST = 100
REVIEW = "forecast_review"


@dataclass(frozen=True)
class Change:
    """One change of the close date or the amount."""

    at: datetime
    kind: str
    """push, pull_in or amount."""
    before_day: date | None = None
    after_day: date | None = None
    before_amount: Decimal | None = None
    after_amount: Decimal | None = None
    before_currency: str = ""
    after_currency: str = ""
    reason: str = ""
    note: str = ""
    who: User | None = None


@dataclass(frozen=True)
class MoneyHistory:
    """Every change, the latest first, and what the pushes come to."""

    changes: Sequence[Change]
    pushes: int = 0
    pushed_days: int = 0
    months_crossed: int = 0
    quarters_crossed: int = 0
    pull_ins: int = 0
    pulled_days: int = 0
    reviews: Sequence[Task] = ()

    @property
    def is_empty(self) -> bool:
        return not self.changes and not self.reviews


def money_history(deal: Deal, reasons: Mapping[str, str]) -> MoneyHistory:
    """Read it in four questions; `reasons` are the labels of push reasons by key."""
    pushes = list(deal.pushes.select_related("pushed_by").order_by("-pushed_at", "-pk")[:MOST])
    pulls = list(deal.pull_ins.select_related("pulled_by").order_by("-pulled_at", "-pk")[:MOST])
    standings = list(deal.standings.order_by("since", "pk")[:MOST])
    reviews = Task.objects.closed().about(deal).filter(kind=REVIEW).select_related("closed_by")
    changes = [
        *(pushed(push, reasons) for push in pushes),
        *(pulled(pull) for pull in pulls),
        *amounts(standings),
    ]
    return MoneyHistory(
        sorted(changes, key=lambda change: change.at, reverse=True),
        pushes=len(pushes),
        pushed_days=sum((push.to_date - push.from_date).days for push in pushes),
        months_crossed=sum(push.crosses_month for push in pushes),
        quarters_crossed=sum(push.crosses_quarter for push in pushes),
        pull_ins=len(pulls),
        pulled_days=sum((pull.from_date - pull.to_date).days for pull in pulls),
        reviews=list(reviews.order_by("-closed_at", "-pk")[:5]),
    )


def pushed(push: ClosePush, reasons: Mapping[str, str]) -> Change:
    return Change(
        push.pushed_at,
        "push",
        push.from_date,
        push.to_date,
        reason=reasons.get(push.reason_key, push.reason_key),
        note=push.note,
        who=push.pushed_by,
    )


def pulled(pull: ClosePullIn) -> Change:
    return Change(pull.pulled_at, "pull_in", pull.from_date, pull.to_date, who=pull.pulled_by)


def amounts(standings: Sequence[DealStanding]) -> list[Change]:
    """The changes of the amount or its currency, from how the deal stood."""
    return [
        Change(
            after.since,
            "amount",
            before_amount=before.amount,
            after_amount=after.amount,
            before_currency=before.currency,
            after_currency=after.currency,
        )
        for before, after in pairwise(standings)
        if (before.amount, before.currency) != (after.amount, after.currency)
    ]
