"""The board: stages as columns, deals as cards, each column paged by key."""

from __future__ import annotations

from dataclasses import replace

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from pipeline import queries
from pipeline.findings import Finding
from pipeline.forms import FilterForm
from pipeline.models import Deal, Pipeline
from pipeline.queries import Card, Column
from pipeline.stages import Process, Rule, pipelines_in_use, process_of
from pipeline.views.deals import may_create
from pipeline.views.rights import changeable_by
from revops.addresses import address_of
from revops.company.models import Company
from revops.frame.formats import day_text
from revops.frame.shapes import BoardCard

CARDS_AT_ONCE = 20


def pipeline_of(request) -> Pipeline:
    """The pipeline that the address names, or the first one."""
    pipelines = pipelines_in_use()
    if key := request.GET.get("pipeline"):
        pipelines = [each for each in pipelines if each.key == key]
    if not pipelines:
        raise Http404
    return pipelines[0]


@login_required
@require_safe
def deal_board(request):
    pipeline, at = pipeline_of(request), timezone.now()
    form = filter_form(request, at)
    filters = form.filters()
    columns = queries.board(request.user, pipeline, filters, at=at, size=CARDS_AT_ONCE)
    mover = Mover(request, process_of(pipeline), deals_in(columns))
    context = {
        "form": form,
        "pipeline": pipeline,
        "columns": [shown(mover, column) for column in columns if column.rule.is_open],
        "ends": [shown(mover, column) for column in columns if not column.rule.is_open],
        "is_empty": not any(column.total.count for column in columns),
        "may_create": may_create(request.user),
        "kept": kept_query(request),
    }
    return render(request, "pipeline/deal_board.html", context)


def filter_form(request, at) -> FilterForm:
    today = Company.get().local_day(at)
    return FilterForm(request.GET, user=request.user, today=today)


def kept_query(request) -> str:
    """The filters as the address has them, for links that keep them."""
    query = request.GET.copy()
    for name in ("after", "from", "stage"):
        query.pop(name, None)
    return query.urlencode()


@login_required
@require_safe
def deal_column(request, stage):
    """The next cards of one column; without scripts, the column as a page."""
    pipeline, at = pipeline_of(request), timezone.now()
    process = process_of(pipeline)
    if stage not in process.by_key:
        raise Http404
    form = filter_form(request, at)
    column = queries.column(
        request.user,
        pipeline,
        stage,
        form.filters(),
        at=at,
        after=request.GET.get("after", ""),
        size=CARDS_AT_ONCE,
    )
    context = {
        "column": shown(Mover(request, process, deals_in([column])), column),
        "pipeline": pipeline,
        "kept": kept_query(request),
    }
    is_swap = request.htmx and not request.htmx.boosted
    name = "pipeline/_column_cards.html" if is_swap else "pipeline/deal_column.html"
    return render(request, name, context)


class Mover:
    """Where each card may go, and how; asked once for all cards of a page."""

    def __init__(self, request, process: Process, deals: list[Deal]) -> None:
        self.process = process
        self.query = "&".join(filter(None, ["from=board", kept_query(request)]))
        self.changeable = changeable_by(request.user, deals)
        self.today = Company.get().local_day(timezone.now())

    def menu(self, origin: Rule) -> list[tuple[str, str]]:
        """Where the cards of one column may go: made once, and pressed for any of them."""
        return targets_from(self.process, origin) if origin.is_open else []

    def card(self, card: Card) -> BoardCard:
        deal, problem = card.deal, worst(card)
        movable = deal.is_open and deal.pk in self.changeable
        return BoardCard(
            key=str(deal.pk),
            title=deal.name,
            url=deal.get_absolute_url(),
            account=deal.account.name if deal.account else "",
            amount=deal.amount,
            currency=deal.currency,
            close_date=deal.close_date,
            owner=deal.owner,
            age=age_of(deal),
            finding=problem.label if problem else "",
            finding_tone=problem.severity if problem else "warn",
            waiting=" · ".join(fact.text for fact in card.facts[:2]),
            owed=owed_text(card),
            owed_is_late=bool(card.owed_by and card.owed_by < self.today),
            move_url=f"{address_of('pipeline:deal-move', deal.pk)}?{self.query}" if movable else "",
            version=str(deal.version),
        )


def targets_from(process: Process, origin: Rule) -> list[tuple[str, str]]:
    """The stages a deal of this one may go to, by key and label."""
    rules = [rule for rule in process.rules if rule.key != origin.key]
    return [(rule.key, label_of(rule, origin)) for rule in rules]


def label_of(rule, origin) -> str:
    if rule.is_open and rule.position < origin.position:
        return f"{rule.name} (back)"
    return rule.name


def worst(card: Card) -> Finding | None:
    return next(iter(card.problems), None)


def owed_text(card: Card) -> str:
    """What skipped stages are owed, and when the first of it is due."""
    if not card.owed:
        return ""
    due = f", due {day_text(card.owed_by)}" if card.owed_by else ""
    return f"Owes {card.owed}{due}"


def age_of(deal: Deal) -> str:
    if not deal.entered_stage_at:
        return ""
    days = (timezone.now() - deal.entered_stage_at).days
    return f"{days} d" if days else "today"


def shown(mover: Mover, column: Column) -> dict:
    """A column as its template takes it."""
    cards = [mover.card(card) for card in column.cards]
    return {
        "key": column.rule.key,
        "name": column.rule.name,
        "kind": column.rule.kind,
        "total": column.total,
        "sums": column.total.sums,
        "cards": cards,
        "menu": mover.menu(column.rule),
        "next": column.next,
    }


def deals_in(columns: list[Column]) -> list[Deal]:
    return [card.deal for column in columns for card in column.cards]


def moved_on_board(request, deal: Deal) -> HttpResponse:
    """Only what the move changed: the card in its new column, and the heads of the columns."""
    at = timezone.now()
    pipeline = deal.pipeline
    form = filter_form(request, at)
    filters = form.filters()
    columns = queries.board(request.user, pipeline, filters, at=at, size=0)
    deal = Deal.objects.select_related("account", "owner", "stage", "pipeline").get(pk=deal.pk)
    card = queries.cards_of([deal], at=at)[0]
    mover = Mover(request, process_of(pipeline), [deal])
    asked = replace(filters, stage="", status="")
    matches = queries.deals_for(request.user, asked, at=at).filter(pk=deal.pk).exists()
    context = {
        "deal": deal,
        "card": mover.card(card),
        "is_shown": matches and deal.is_open,
        "target": deal.stage.key,
        "columns": [shown(mover, column) for column in columns],
    }
    return render(request, "pipeline/_moved.html", context)
