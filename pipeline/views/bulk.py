"""Acts on many deals: each judged by itself, a few at a time, and what became of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from pipeline import operations
from pipeline.forms import BulkMoveForm, pks
from pipeline.forms.moving import BulkReassignForm
from pipeline.models import Deal, Pipeline, Stage
from pipeline.operations import MoveResult
from pipeline.stages import process_of
from pipeline.views.board import pipeline_of
from pipeline.views.shared import by_and_at
from revops.addresses import number_in

AT_ONCE = 20
"""So many deals are judged before the page says how far it is."""
MOST_CHOSEN = 1000


@dataclass(frozen=True)
class Words:
    """How one act on many deals is called."""

    title: str
    subtitle: str
    submit: str
    done: str
    icon: str


MOVING = Words(
    "Move deals",
    "Each deal is asked by its own gate. One that is refused stays where it is, and the others "
    "go on.",
    "Move them",
    "moved",
    "arrow-right",
)
GIVING = Words(
    "Give deals to another owner",
    "Each deal is asked by itself: only its owner, managers above the owner and RevOps hand it "
    "over. What its owner owes goes with it.",
    "Give them",
    "given",
    "arrow-right-left",
)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def deal_bulk_move(request):
    """Move many deals to one stage."""
    pipeline = usual_pipeline(request, chosen_deals(request))
    form = BulkMoveForm(request.POST or None, process=process_of(pipeline))

    def act(deals):
        to = Stage.objects.get(pipeline=pipeline, key=form.cleaned_data["stage"])
        reason = form.cleaned_data["reason"]
        return operations.bulk_move_deals(deals=deals, to=to, reason=reason, **by_and_at(request))

    return run(request, form, act, MOVING, reverse("pipeline:deal-bulk-move"))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def deal_bulk_reassign(request):
    """Give many deals to one new owner."""
    form = BulkReassignForm(request.POST or None)

    def act(deals):
        given = form.cleaned_data
        return operations.reassign_deals(
            deals=deals, owner=given["owner"], reason=given["reason"], **by_and_at(request)
        )

    return run(request, form, act, GIVING, reverse("pipeline:deal-bulk-reassign"))


def chosen_deals(request) -> list[Deal]:
    """The deals that were chosen and that this person sees, in the order of their names."""
    given = request.POST if request.method == "POST" else request.GET
    chosen = pks(given.getlist("deal"))[:MOST_CHOSEN]
    deals = Deal.objects.visible_to(request.user).filter(pk__in=chosen)
    return list(deals.select_related("account", "owner", "stage").order_by("name", "pk"))


def usual_pipeline(request, deals: list[Deal]) -> Pipeline:
    """The pipeline that most of the deals are in; the others are refused by name."""
    if not deals or "pipeline" in request.GET:
        return pipeline_of(request)
    [(most, _)] = Counter(deal.pipeline_id for deal in deals).most_common(1)
    return Pipeline.objects.get(pk=most)


def run(
    request, form, act: Callable[[list[Deal]], list[MoveResult]], words: Words, action: str
) -> object:
    """Show what was chosen, or judge the next few of it and say how far that is."""
    deals = chosen_deals(request)
    results: list[MoveResult] = []
    is_run = request.method == "POST" and form.is_valid()
    if is_run:
        results = act(deals[:AT_ONCE])
        deals = deals[AT_ONCE:]
    refused = earlier_refused(request, deals)
    refused += [each.deal for each in results if each.refusal]
    done = (number_in(request.POST.get("done", "")) or 0) if is_run else 0
    done += sum(each.refusal is None for each in results)
    context = {
        "form": form,
        "words": words,
        "action": f"{action}?{request.GET.urlencode()}" if request.GET else action,
        "deals": deals,
        "results": results,
        "is_run": is_run,
        "refused_deals": refused if is_run else [],
        "done": done,
        "judged": done + len(refused),
        "total": done + len(refused) + len(deals),
        "kept": [(name, form.data.get(name, "")) for name in form.fields] if is_run else [],
    }
    status = 422 if (results and refused) or (form.is_bound and form.errors) else 200
    is_swap = bool(request.htmx) and not request.htmx.boosted and is_run
    name = "pipeline/_bulk_run.html" if is_swap else "pipeline/bulk_move.html"
    return render(request, name, {**context, "is_swap": is_swap}, status=status)


def earlier_refused(request, left: list[Deal]) -> list[Deal]:
    """The deals that earlier parts of the same run refused; a retry asks them again."""
    chosen = set(pks(request.POST.getlist("refused"))) - {deal.pk for deal in left}
    if not chosen:
        return []
    deals = Deal.objects.visible_to(request.user).filter(pk__in=chosen)
    return list(deals.order_by("name", "pk"))
