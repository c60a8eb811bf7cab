"""A policy tried on what was submitted: started, watched, read, taken along; for RevOps."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dealdesk.forms.replays import ReplayForm
from dealdesk.models import ApprovalRequest, ReplayChanges, ReplayRun
from dealdesk.operations import replays
from dealdesk.permissions import check_can_govern
from dealdesk.policy import policy_from_json
from dealdesk.replaycompare import Change
from dealdesk.replaying import seconds_needed, submissions
from dealdesk.replayjudge import Judge
from dealdesk.tasks import work_on_replay
from dealdesk.views.shared import by_and_at
from dealdesk.views.showing import role_name, tier_name
from revops import exports
from revops.company.models import Company
from revops.people.actor import Actor
from revops.refusals import Refused

PAGE = 50
RUNS_SHOWN = 10
AT_ONCE = 1.5
"""Seconds: a replay that takes no longer is done before the page answers."""


def governors(view):
    """Serve those who may change the policy alone."""

    @login_required
    @wraps(view)
    def checked(request, *args, **kwargs):
        check_can_govern(by=Actor.from_request(request))
        return view(request, *args, **kwargs)

    return checked


@governors
@require_http_methods(["GET", "HEAD", "POST"])
def policy_replay(request):
    """What may be tried; a POST tries it, at once where that is quick."""
    today = Company.get().local_day(timezone.now())
    form = ReplayForm(request.POST or None, initial={"policy": request.GET.get("policy")})
    refused = None
    if request.method == "POST" and form.is_valid():
        try:
            run = replays.start_replay(**form.facts(today), **by_and_at(request))
        except Refused as exc:
            refused = exc
        else:
            set_to_work(run)
            return redirect(run)
    context = {
        "form": form,
        "refused": refused,
        "runs": ReplayRun.objects.select_related("started_by").order_by("-started_at", "-pk")[
            :RUNS_SHOWN
        ],
    }
    status = refused.status if refused else 422 if form.errors else 200
    return render(request, "dealdesk/replay/start.html", context, status=status)


def set_to_work(run: ReplayRun) -> None:
    """Do a short replay now, and leave a long one to a worker."""
    judges = [Judge(policy_from_json(run.policy_body))]
    if run.version_against:
        judges.append(Judge(policy_from_json(run.version_against.body)))
    if seconds_needed(submissions(run.since, run.until), judges) <= AT_ONCE:
        work_on_replay(run.pk)
    else:
        work_on_replay.delay(run.pk)


def run_or_404(number: int) -> ReplayRun:
    runs = ReplayRun.objects.select_related("started_by", "version_against")
    return get_object_or_404(runs, pk=number)


@governors
@require_safe
def policy_replay_result(request, number):
    run = run_or_404(number)
    context = {"run": run}
    if run.state == ReplayRun.State.DONE:
        wanted = request.GET.get("kind", "")
        kinds = [Change(row["kind"]) for row in run.outcome["kinds"]]
        kind = Change(wanted) if wanted in kinds else None
        context |= figures_of(run) | changes_page(run, kind, request.GET.get("page", ""))
        context["kind"] = kind
    return render(request, "dealdesk/replay/result.html", context)


@governors
@require_safe
def policy_replay_progress(request, number):
    """How far the work is; a page that polls is sent on when it is over."""
    run = run_or_404(number)
    response = render(request, "dealdesk/replay/_progress.html", {"run": run})
    if not run.is_at_work:
        response["HX-Refresh"] = "true"
    return response


# The figures


def figures_of(run: ReplayRun) -> dict[str, Any]:
    """Both sides beside each other, with what is more or less."""
    found = run.outcome
    before, after = found["before"], found["after"]
    roles = list(dict.fromkeys([*before["roles"], *after["roles"]]))
    return {
        "currency": Company.get().currency,
        "submissions": found["submissions"],
        "automatic": moved(before["automatic"], after["automatic"]),
        "automatic_net": moved(Decimal(before["automatic_net"]), Decimal(after["automatic_net"])),
        "refused": moved(before["refused"], after["refused"]),
        "share": [share(side["automatic"], found["submissions"]) for side in (before, after)],
        "roles": [role_row(role, before, after) for role in roles],
        "asked": moved(*(sum(r[0] for r in side["roles"].values()) for side in (before, after))),
        "hours": moved(*(sum(r[1] for r in side["roles"].values()) for side in (before, after))),
        "kinds": [
            {**row, "label": Change(row["kind"]).label, "net": Decimal(row["net"])}
            for row in found["kinds"]
        ],
        "changed": sum(row["count"] for row in found["kinds"]),
        "routes": [
            {
                "before": tier_name(row["before"]),
                "after": tier_name(row["after"]),
                "count": row["count"],
                "net": Decimal(row["net"]),
            }
            for row in found["routes"]
        ],
    }


def role_row(role: str, before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    was, now = before["roles"].get(role, [0, 0]), after["roles"].get(role, [0, 0])
    return {
        "name": role_name(role),
        "requests": moved(was[0], now[0]),
        "hours": moved(was[1], now[1]),
    }


def moved(before, after) -> dict[str, Any]:
    return {"before": before, "after": after, "more": after - before, "less": before - after}


def share(part: int, whole: int) -> Decimal | None:
    return Decimal(part) * 100 / whole if whole else None


# The submissions whose route changes


def changes_page(run: ReplayRun, kind: Change | None, wanted: str) -> dict[str, Any]:
    """One page of the changes; `wanted` is its number in the address."""
    counts = [(row["kind"], row["count"]) for row in run.outcome["kinds"]]
    counts = [(name, count) for name, count in counts if kind is None or name == kind.value]
    total = sum(count for _, count in counts)
    last = max((total - 1) // PAGE, 0)
    number = min(int(wanted) if wanted.isdecimal() and len(wanted) < 8 else 1, last + 1) - 1
    first = max(number, 0) * PAGE
    found = list(slice_of(run, counts, first, first + PAGE))
    return {
        "rows": shown(found),
        "total": total,
        "shown": f"{first + 1:,} to {first + len(found):,}" if found else "",
        "page": number + 1,
        "previous_page": number if number > 0 else None,
        "next_page": number + 2 if number < last else None,
    }


def slice_of(run: ReplayRun, counts, first: int, last: int) -> Iterator[tuple[str, Any]]:
    """The changes from `first` to before `last`, read from the rows that hold them."""
    start = 0
    for kind, count in counts:
        low, high = max(first - start, 0), min(last - start, count)
        if low < high:
            chunks = range(low // replays.CHUNK, (high - 1) // replays.CHUNK + 1)
            rows = ReplayChanges.objects.filter(run=run, kind=kind, number__in=chunks)
            bodies = rows.order_by("number").values_list("body", flat=True)
            joined = [row for body in bodies for row in body]
            offset = chunks[0] * replays.CHUNK
            yield from ((kind, row) for row in joined[low - offset : high - offset])
        start += count


def shown(found) -> list[dict[str, Any]]:
    """The changes with the deals that they are about."""
    requests = ApprovalRequest.objects.select_related("deal__owner", "deal__account").in_bulk(
        [row[0] for _, row in found]
    )
    return [
        {
            "request": requests.get(pk),
            "label": Change(kind).label,
            "before": tier_name(before),
            "after": tier_name(after),
            "net": Decimal(net).scaleb(-4),
        }
        for kind, (pk, before, after, net) in found
    ]


HEADER = (
    "Deal", "Account", "Owner", "Attempt", "Submitted", "Change", "Before", "After", "Net",
    "Currency",
)  # fmt: skip
EXPORTED = 500


@governors
@require_safe
def policy_replay_export(request, number, kind):
    """The submissions whose route changes, all or of one kind, as CSV or XLSX."""
    run = run_or_404(number)
    if kind not in exports.FORMATS or run.state != ReplayRun.State.DONE:
        raise Http404
    wanted = request.GET.get("kind", "")
    counts = [(row["kind"], row["count"]) for row in run.outcome["kinds"]]
    counts = [(name, count) for name, count in counts if wanted in ("", name)]
    rows = export_rows(run, counts)
    return exports.file_response(kind, f"replay-{run.pk}", [exports.Sheet("Changes", HEADER, rows)])


def export_rows(run: ReplayRun, counts) -> Iterator[list[Any]]:
    currency = Company.get().currency
    for first in range(0, sum(count for _, count in counts), EXPORTED):
        for row in shown(list(slice_of(run, counts, first, first + EXPORTED))):
            yield export_row(row, currency)


def export_row(row: dict[str, Any], currency: str) -> list[Any]:
    asked = row["request"]
    about = [
        asked.deal.name,
        asked.deal.account.name if asked.deal.account else "",
        asked.deal.owner.name,
        asked.attempt,
        timezone.localtime(asked.submitted_at).date(),
    ] if asked else ["", "", "", None, None]  # fmt: skip
    return [*about, row["label"], row["before"], row["after"], row["net"], currency]


@governors
@require_POST
def policy_replay_drop(request, number) -> HttpResponse:
    run = run_or_404(number)
    replays.drop_replay(run=run, **by_and_at(request))
    messages.success(request, "The replay is forgotten.")
    return redirect("dealdesk:policy-replay")
