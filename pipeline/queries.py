"""What board, list and home read, at a cost that does not grow with the number of deals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Count, Q, QuerySet, Sum

from pipeline.behind import NOTHING, Behind
from pipeline.cards import Card, cards_of, shown_deals
from pipeline.findings import condition, has_problem, kind_of, read_context
from pipeline.keyset import Order, page_of
from pipeline.models import Deal, Pipeline, Stage, StageRollup
from pipeline.models.visibility import LEADS_A_LINE, line_of, sees_all_deals
from pipeline.stages import Process, Rule, process_of
from revops.company.models import Company
from revops.people.models import User

CAP = 1000

SHOWN = ("account", "owner", "stage", "pipeline")
"""What stands beside a deal that is read whole."""

SORTS = {
    "name": Order("search_text"),
    "amount": Order("amount", descending=True),
    "close_date": Order("close_date"),
    "created": Order("created_at", descending=True),
    "closed": Order("closed_on", descending=True),
}
"""What the list can be sorted by: indexed columns, each in its usual direction."""

NEWEST_FIRST = Order("entered_stage_at", descending=True)


# Which deals


@dataclass(frozen=True)
class DealFilter:
    """What somebody wants to see. Scope is mine, line (mine and those below) or all I may see."""

    scope: str = "mine"
    owner: int | None = None
    team: int | None = None
    status: str = ""
    stage: str = ""
    source: str = ""
    account: int | None = None
    text: str = ""
    close_from: date | None = None
    close_until: date | None = None
    amount_from: Decimal | None = None
    amount_until: Decimal | None = None
    with_problems: bool = False
    pipeline: int | None = None
    behind: Behind = NOTHING
    """What a number of a report counted."""

    @property
    def narrows(self) -> bool:
        """Whether more is asked than whose deals, and which pipeline, status or stage."""
        plain = DealFilter(self.scope, self.owner, self.team, self.status, self.stage)
        return self != replace(plain, pipeline=self.pipeline)


def usual_scope(user: User) -> str:
    """The scope a person starts with."""
    if user.has_role(*LEADS_A_LINE):
        return "line"
    return "all" if sees_all_deals(user) else "mine"


def owners_in(filters: DealFilter, user: User) -> Q | None:
    """The condition on `owner`; None when visibility depends on more than the owner.

    Everything it admits is visible to `user`, and rollups can answer it.
    """
    if filters.scope == "mine":
        whose = Q(owner=user)
    elif filters.scope == "line":
        whose = line_of(user)
    elif sees_all_deals(user):
        whose = Q()
    else:
        return None
    if filters.owner:
        whose &= Q(owner=filters.owner)
    if filters.team:
        whose &= Q(owner__team=filters.team)
    return whose


def deals_for(user: User, filters: DealFilter, *, at: datetime) -> QuerySet[Deal]:
    """The deals that match and that `user` may see."""
    whose = owners_in(filters, user)
    if whose is None:
        deals = Deal.objects.visible_to(user)
        deals = deals.filter(owner=filters.owner) if filters.owner else deals
        deals = deals.filter(owner__team=filters.team) if filters.team else deals
    else:
        deals = Deal.objects.filter(whose)
    equal = {
        "status": filters.status,
        "deal_source": filters.source,
        "pipeline": filters.pipeline,
        "account": filters.account,
        "close_date__gte": filters.close_from,
        "close_date__lte": filters.close_until,
        "amount__gte": filters.amount_from,
        "amount__lte": filters.amount_until,
    }
    deals = deals.filter(
        **{name: value for name, value in equal.items() if value not in ("", None)}
    )
    if filters.stage:
        # As numbers, so that the list of a stage is read along its index.
        stages = Stage.objects.filter(key=filters.stage)
        deals = deals.filter(stage__in=list(stages.values_list("pk", flat=True)))
    if filters.behind:
        deals = deals.filter(filters.behind.condition)
    if kind_of(filters.behind.finding):
        # Said twice, a condition is reckoned to leave fewer rows than it does.
        deals = deals if filters.status == Deal.Status.OPEN else deals.open()
        deals = deals.filter(condition(filters.behind.finding, read_context(at)))
    if filters.text.strip():
        deals = deals.matching(filters.text)
    if filters.with_problems:
        deals = deals.filter(has_problem(read_context(at)))
    return deals


# How many, and how much


@dataclass(frozen=True)
class Money:
    currency: str
    amount: Decimal


@dataclass(frozen=True)
class Total:
    """A count, "1,000+" where it was not counted further, and sums where rollups know them."""

    count: int
    is_capped: bool = False
    sums: tuple[Money, ...] = ()

    def __str__(self) -> str:
        return f"{CAP:,}+" if self.is_capped else f"{self.count:,}"


def rollup_totals(pipeline_id: int, whose: Q) -> dict[int, Total]:
    """Count and sums by stage, from the rollups, for deals of these owners."""
    rows = (
        StageRollup.objects.filter(whose, pipeline=pipeline_id, count__gt=0)
        .order_by("stage", "currency")
        .values_list("stage", "currency")
        .annotate(number=Sum("count"), total=Sum("amount"))
    )
    counts: defaultdict[int, int] = defaultdict(int)
    sums: defaultdict[int, list[Money]] = defaultdict(list)
    for stage_id, currency, number, total in rows:
        counts[stage_id] += number
        sums[stage_id].append(Money(currency, Decimal(total).quantize(Decimal("0.01"))))
    return {stage_id: Total(counts[stage_id], sums=tuple(sums[stage_id])) for stage_id in counts}


def capped_total(deals: QuerySet[Deal]) -> Total:
    """Count no further than the cap."""
    count = deals.order_by()[: CAP + 1].count()
    return Total(min(count, CAP), is_capped=count > CAP)


def add_totals(totals: Iterable[Total]) -> Total:
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    count = 0
    for total in totals:
        count += total.count
        for money in total.sums:
            sums[money.currency] += money.amount
    return Total(count, sums=tuple(Money(*pair) for pair in sorted(sums.items())))


# The board


@dataclass(frozen=True)
class Column:
    """One stage of the board: its total, and a page of its deals, newest first."""

    rule: Rule
    total: Total
    cards: list[Card]
    next: str = ""


def board(
    user: User,
    pipeline: Pipeline,
    filters: DealFilter,
    *,
    at: datetime,
    after: Mapping[str, str] | None = None,
    size: int = 20,
) -> list[Column]:
    """Every stage with its total; open ones with a page of their deals, unless its size is 0."""
    process = process_of(pipeline)
    rules = [rule for rule in process.rules if filters.stage in ("", rule.key)]
    return columns(user, process, rules, filters, at=at, after=after or {}, size=size)


def column(
    user: User,
    pipeline: Pipeline,
    stage_key: str,
    filters: DealFilter,
    *,
    at: datetime,
    after: str = "",
    size: int = 20,
) -> Column:
    """One stage of the board, for the next page of its deals."""
    process = process_of(pipeline)
    rules = [process.rule(stage_key)]
    marks = {stage_key: after}
    return columns(user, process, rules, filters, at=at, after=marks, size=size)[0]


def columns(
    user: User,
    process: Process,
    rules: Sequence[Rule],
    filters: DealFilter,
    *,
    at: datetime,
    after: Mapping[str, str],
    size: int,
) -> list[Column]:
    filters = replace(filters, stage="", status="")
    deals = deals_for(user, filters, at=at).filter(pipeline=process.pipeline_id)
    whose = owners_in(filters, user)
    totals = None
    if whose is not None and not filters.narrows:
        totals = rollup_totals(process.pipeline_id, whose)
    pages = {
        rule.key: page_of(
            deals.filter(stage=rule.stage_id).only(NEWEST_FIRST.field),
            NEWEST_FIRST,
            after=after.get(rule.key, ""),
            size=size,
        )
        for rule in rules
        if size and (rule.is_open or len(rules) == 1)
    }
    # Which deals, column by column; then what stands on their cards, once for all of them.
    pks = {key: [deal.pk for deal in page.rows] for key, page in pages.items()}
    read = shown_deals().in_bulk([pk for own in pks.values() for pk in own])
    cards = {card.deal.pk: card for card in cards_of(list(read.values()), at=at)}
    return [
        Column(
            rule,
            total_of(rule, totals, deals),
            [cards[pk] for pk in pks.get(rule.key, ()) if pk in cards],
            pages[rule.key].next if rule.key in pages else "",
        )
        for rule in rules
    ]


def total_of(rule: Rule, totals: Mapping[int, Total] | None, deals: QuerySet[Deal]) -> Total:
    if totals is None:
        return capped_total(deals.filter(stage=rule.stage_id))
    return totals.get(rule.stage_id, Total(0))


# The list


@dataclass(frozen=True)
class DealPage:
    """A page of the deal list."""

    cards: list[Card]
    total: Total
    next: str = ""


def order_of(sort: str, descending: bool | None = None) -> Order:
    """One of SORTS, in its usual direction unless the other is asked."""
    order = SORTS.get(sort, SORTS["close_date"])
    return order if descending is None else replace(order, descending=descending)


def deal_list(
    user: User,
    filters: DealFilter,
    *,
    at: datetime,
    sort: str = "close_date",
    descending: bool | None = None,
    after: str = "",
    size: int = 50,
) -> DealPage:
    """A page of the deals that match, sorted by one of SORTS."""
    order = order_of(sort, descending)
    deals = deals_for(user, filters, at=at)
    page = page_of(deals, order, after=after, size=size, whole=shown_deals(order.field))
    return DealPage(cards_of(page.rows, at=at), list_total(user, filters, deals), page.next)


def list_total(user: User, filters: DealFilter, deals: QuerySet[Deal]) -> Total:
    """The total of a list: from the rollups where they can answer, else counted up to the cap."""
    whose = owners_in(filters, user)
    if whose is None or filters.narrows:
        return capped_total(deals)
    processes = [process_of(pipeline) for pipeline in Pipeline.objects.with_rules()]
    return add_totals(
        total
        for process in processes
        if filters.pipeline in (None, process.pipeline_id)
        for stage_id, total in rollup_totals(process.pipeline_id, whose).items()
        if matches_stage(process.by_stage.get(stage_id), filters)
    )


def matches_stage(rule: Rule | None, filters: DealFilter) -> bool:
    if rule is None:
        return not (filters.status or filters.stage)
    return filters.status in ("", rule.kind) and filters.stage in ("", rule.key)


# Home


def deals_with_problems(
    user: User, *, at: datetime, scope: str = "", size: int = 20, after: str = ""
) -> DealPage:
    """Open deals of the person, or of their line, that something is wrong with: due first."""
    filters = DealFilter(scope=scope or usual_scope(user), status="open", with_problems=True)
    return deal_list(user, filters, at=at, after=after, size=size)


@dataclass(frozen=True)
class Numbers:
    """What a person's deals come to: open now, won and lost since the quarter began."""

    open: Total
    won: Total
    lost: Total
    since: date


def my_numbers(user: User, *, at: datetime) -> Numbers:
    """The numbers of the deals that are a person's own or their line's."""
    scope = "line" if user.has_role(*LEADS_A_LINE) else "mine"
    filters = DealFilter(scope=scope, status="open")
    since = quarter_start(Company.get().local_day(at))
    whose = owners_in(filters, user)
    closed = Deal.objects.filter(whose, closed_on__gte=since) if whose is not None else None
    won, lost = (closed_total(closed, status) for status in ("won", "lost"))
    return Numbers(list_total(user, filters, deals_for(user, filters, at=at)), won, lost, since)


def closed_total(closed: QuerySet[Deal] | None, status: str) -> Total:
    if closed is None:
        return Total(0)
    rows = (
        closed.filter(status=status)
        .order_by("currency")
        .values_list("currency")
        .annotate(number=Count("pk"), total=Sum("amount"))
    )
    return add_totals(
        Total(number, sums=(Money(currency, Decimal(total or 0).quantize(Decimal("0.01"))),))
        for currency, number, total in rows
    )


def quarter_start(day: date) -> date:
    return date(day.year, 3 * ((day.month - 1) // 3) + 1, 1)
