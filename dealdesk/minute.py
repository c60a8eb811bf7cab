"""What stands beside an ask so that one minute is enough: precedents, the customer, usual times.

Each is a fixed number of questions, however much history there is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Count, Q, Sum

from dealdesk.likeness import Likeness, nearest
from dealdesk.models import ApprovalRequest, ExceptionRecord
from dealdesk.wording import listed
from pipeline.models import Deal, Segment
from revops.people.models import User

Kind, Outcome = ExceptionRecord.Kind, ExceptionRecord.Outcome
Status = ApprovalRequest.Status

YEAR = timedelta(days=365)
REMEMBERED = 2 * YEAR
"""How far back precedents reach."""

MOST_CANDIDATES = 400
SPOKEN = (Outcome.APPROVED, Outcome.REJECTED)


# Precedents


@dataclass(frozen=True)
class Precedent:
    """A decided request that asked much the same. What its reader may not see is left blank."""

    request: ApprovalRequest
    asks: Sequence[str]
    outcome: str
    segment: str
    is_visible: bool

    @property
    def title(self) -> str:
        if self.is_visible:
            return self.request.deal.name
        return f"A deal in {self.segment}" if self.segment else "Another deal"

    @property
    def took(self) -> timedelta | None:
        ended = self.request.decided_at
        return ended - self.request.submitted_at if ended else None

    @property
    def later(self) -> str:
        """What became of the deal."""
        status = self.request.deal.status
        return status if status in (Deal.Status.WON, Deal.Status.LOST) else ""


def precedents_of(asked: ApprovalRequest, reader: User, at: datetime) -> list[Precedent]:
    """The three decided requests of other deals that are most like this one."""
    own = list(asked.exceptions.all())
    if not own:
        return []
    decided = ExceptionRecord.objects.filter(
        kind__in={row.kind for row in own},
        outcome__in=SPOKEN,
        decided_at__gte=at - REMEMBERED,
    ).exclude(deal=asked.deal_id)
    near = decided.order_by("-decided_at")[:MOST_CANDIDATES].values_list("request", flat=True)
    alike = nearest(likeness(asked, own), candidates(set(near)))
    rows: defaultdict[int, list[ExceptionRecord]] = defaultdict(list)
    numbers = [each.number for each in alike]
    found = ExceptionRecord.objects.filter(request__in=numbers, outcome__in=SPOKEN)
    for row in found.select_related("request__deal", "request__quote").order_by("pk"):
        rows[row.request_id].append(row)
    deals = {rows[number][0].deal_id for number in numbers}
    seen = set(Deal.objects.visible_to(reader).filter(pk__in=deals).values_list("pk", flat=True))
    return [precedent(rows[number], seen) for number in numbers]


def candidates(requests: set[int]) -> Iterator[Likeness]:
    """What of these requests is compared, read without the requests themselves."""
    found = ExceptionRecord.objects.filter(request__in=requests, outcome__in=SPOKEN)
    asks: defaultdict[int, set[str]] = defaultdict(set)
    facts: dict[int, tuple[Decimal, str]] = {}
    fields = ("request", "kind", "label", "request__quote__discount_percent", "segment")
    for number, kind, label, percent, segment in found.order_by("pk").values_list(*fields):
        asks[number].add(compared(kind, label))
        facts.setdefault(number, (percent, segment))
    for number, (percent, segment) in facts.items():
        yield Likeness(number, frozenset(asks[number]), percent, segment)


def compared(kind: str, label: str) -> str:
    """What an exception is compared by: its kind, a term of the catalogue by its label."""
    return label if kind == Kind.CATALOGUE else kind


def likeness(request: ApprovalRequest, rows: Sequence[ExceptionRecord]) -> Likeness:
    return Likeness(
        number=request.pk,
        asks=frozenset(compared(row.kind, row.label) for row in rows),
        percent=request.quote.discount_percent,
        segment=rows[0].segment,
    )


def precedent(rows: Sequence[ExceptionRecord], seen: Iterable[int]) -> Precedent:
    first = rows[0]
    known = first.segment and first.segment != Segment.UNKNOWN
    return Precedent(
        request=first.request,
        asks=[asked_words(row) for row in rows if row.kind != Kind.DISCOUNT],
        outcome=first.outcome,
        segment=Segment(first.segment).label.lower() if known else "",
        is_visible=first.deal_id in seen,
    )


def asked_words(row: ExceptionRecord) -> str:
    if row.kind == Kind.CATALOGUE:
        return row.label
    return row.requested_value or row.label


# The customer


@dataclass(frozen=True)
class CustomerHistory:
    """What an account bought, asked for and how it was to pay, this deal left out."""

    won: int
    lost: int
    open: int
    won_amounts: Sequence[tuple[Decimal, str]]
    approved: int
    rejected: int
    last: ExceptionRecord | None
    payment: str

    @property
    def is_new(self) -> bool:
        return not (self.won or self.lost or self.open)


def customer_of(asked: ApprovalRequest) -> CustomerHistory | None:
    """The history of the deal's account; None for a deal without one."""
    account = asked.deal.account_id
    if account is None:
        return None
    deals = Deal.objects.filter(account=account).exclude(pk=asked.deal_id)
    counted = deals.values("status", "currency").annotate(number=Count("pk"), total=Sum("amount"))
    totals: defaultdict[str, int] = defaultdict(int)
    amounts = []
    for row in counted.order_by("status", "currency"):
        totals[row["status"]] += row["number"]
        if row["status"] == Deal.Status.WON and row["total"]:
            amounts.append((row["total"], row["currency"]))
    asks = ExceptionRecord.objects.filter(account=account, outcome__in=SPOKEN)
    asks = asks.exclude(request=asked)
    said = asks.aggregate(
        approved=Count("request", filter=Q(outcome=Outcome.APPROVED), distinct=True),
        rejected=Count("request", filter=Q(outcome=Outcome.REJECTED), distinct=True),
    )
    return CustomerHistory(
        won=totals[Deal.Status.WON],
        lost=totals[Deal.Status.LOST],
        open=totals[Deal.Status.OPEN],
        won_amounts=amounts,
        approved=said["approved"],
        rejected=said["rejected"],
        last=asks.order_by("-decided_at", "-pk").first(),
        payment=payment_words(account),
    )


def payment_words(account: int) -> str:
    """On which payment terms the account's deals were won: "Net 30 (2) and Net 45"."""
    won = ApprovalRequest.objects.filter(deal__account=account, status=Status.CONSUMED)
    counted = won.values_list("quote__payment_terms__name").annotate(number=Count("pk"))
    names = [f"{name} ({number})" if number > 1 else name for name, number in counted]
    return listed(sorted(names))


# How long a route usually takes


@dataclass(frozen=True)
class UsualTime:
    """How long requests of one route took from submission to their end, in the last 12 months."""

    number: int
    length: timedelta | None

    @property
    def is_enough(self) -> bool:
        return self.number >= ENOUGH


ENOUGH = 5
MOST_MEASURED = 1000
DECIDED = (
    Status.APPROVED,
    Status.CONSUMED,
    Status.LAPSED,
    Status.INVALIDATED,
    Status.REJECTED,
    Status.RETURNED,
)


def usual_time(route_key: str, at: datetime) -> UsualTime:
    """The median of a route, by the clock and not by business hours: when a rep may expect it."""
    ended = ApprovalRequest.objects.filter(
        route_key=route_key,
        status__in=DECIDED,
        is_automatic=False,
        bypassed_at=None,
        decided_at__gte=at - YEAR,
        decided_at__lte=at,
    ).order_by("-decided_at")
    spans = [
        until - since
        for since, until in ended.values_list("submitted_at", "decided_at")[:MOST_MEASURED]
        if until is not None
    ]
    return UsualTime(len(spans), middle(spans) if len(spans) >= ENOUGH else None)


def middle(spans: Sequence[timedelta]) -> timedelta:
    """The median of at least one length of time."""
    ranked = sorted(spans)
    half = len(ranked) // 2
    return ranked[half] if len(ranked) % 2 else (ranked[half - 1] + ranked[half]) / 2


def beside(asked: ApprovalRequest, reader: User, at: datetime) -> Mapping[str, object]:
    """Everything that stands beside an ask, for its page."""
    return {"precedents": precedents_of(asked, reader, at), "customer": customer_of(asked)}
