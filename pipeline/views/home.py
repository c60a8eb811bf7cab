"""Home: what waits for me, which deals need me, and my numbers."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.http import require_safe

from pipeline import metrics, queries, registry
from pipeline.forms import month_end
from pipeline.models.visibility import LEADS_A_LINE, SELLS
from pipeline.queries import DealFilter
from pipeline.views.board import worst
from pipeline.views.deals import may_create
from pipeline.views.reports.parts import basis_text, rate_text
from pipeline.views.tasks import Asked, with_deals
from revops.company.models import Company
from revops.people.models import Role
from revops.work.models import Task

PROBLEMS_SHOWN = 8
TASKS_SHOWN = 8


@login_required
@require_safe
def home(request):
    at, user = timezone.now(), request.user
    today = Company.get().local_day(at)
    scope = scope_of(user)
    page = queries.deals_with_problems(user, at=at, scope=scope, size=PROBLEMS_SHOWN)
    numbers = queries.my_numbers(user, at=at)
    context = {
        "panels": panels_of(request, at),
        "sheets": sorted({panel.sheet for panel in registry.home_panels() if panel.sheet}),
        "problems": [problem_row(card) for card in page.cards],
        "problem_count": page.total,
        "scope": scope,
        "tasks": tasks_of(user),
        "numbers": numbers,
        "win_rate": win_rate_text(numbers),
        "sells": user.has_role(*SELLS) or bool(numbers.open.count),
        "closing": closing_this_month(user, today, at),
        "greeting": greeting(at, user),
        "may_create": may_create(user),
    }
    return render(request, "pipeline/home.html", context)


def scope_of(user) -> str:
    """Whose problems a person can clear: their own, their line's, or everybody's for RevOps."""
    if user.has_role(*LEADS_A_LINE):
        return "line"
    return "all" if user.has_role(Role.REVOPS_ADMIN) else "mine"


def panels_of(request, at) -> list[str]:
    told = ((panel, panel.context(request.user, at)) for panel in registry.home_panels())
    return [
        render_to_string(panel.template, dict(context), request)
        for panel, context in told
        if context is not None
    ]


def problem_row(card) -> dict:
    return {
        "deal": card.deal,
        "problem": worst(card),
        "say": " ".join(each.sentence for each in card.problems),
        "facts": card.facts,
    }


def win_rate_text(numbers: queries.Numbers) -> str:
    """The win rate since the quarter began, with how sure it is; nothing before a deal closed."""
    rate = metrics.win_rate(numbers.won.count, numbers.lost.count)
    return f"Win rate {rate_text(rate)}, {basis_text(rate)}" if rate.n else ""


def tasks_of(user) -> list[Asked]:
    """What this person was asked to do, with the deal each is about."""
    tasks = Task.objects.open().of(user).select_related("assignee")
    return with_deals(tasks[:TASKS_SHOWN], user)


def closing_this_month(user, today, at) -> dict:
    """Open deals that are expected this month: counted up to the cap."""
    scope = "line" if user.has_role(*LEADS_A_LINE) else "mine"
    first = today.replace(day=1)
    filters = DealFilter(scope=scope, status="open", close_from=first, close_until=month_end(first))
    return {
        "total": queries.capped_total(queries.deals_for(user, filters, at=at)),
        "scope": scope,
    }


def greeting(at, user) -> str:
    hour = timezone.localtime(at).hour
    part = "morning" if 4 < hour < 12 else "afternoon" if hour < 18 and hour >= 12 else "evening"
    return f"Good {part}, {user.short_name}"
