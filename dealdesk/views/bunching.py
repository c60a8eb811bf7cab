"""The report on discounts that gather under thresholds, split deals and late edits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from dealdesk.bunching import BIN, Excess, Split, bins_of, excess_under, series
from dealdesk.bunchingreads import (
    SPLIT_DAYS,
    Judged,
    LateEdit,
    last_submissions,
    late_edits,
    splits_of,
)
from dealdesk.forms.bunching import BunchingForm
from dealdesk.inputs import policy_in_force
from dealdesk.permissions import can_see_exceptions
from dealdesk.policy import Policy
from pipeline.models import Deal
from pipeline.reports.index import DISCIPLINE, ReportLink, register_report
from revops import exports
from revops.company.models import Company
from revops.refusals import NotAllowed

SHOWN = 50
BESIDE = Decimal(4)
"""Points to either side of a threshold that its chart shows."""


def check_can_see(user) -> None:
    if not can_see_exceptions(user):
        raise NotAllowed(
            "This report is for RevOps, the deal desk, finance, legal, VPs and auditors."
        )


@dataclass
class Bunching:
    """Everything the report says of some days, for one reader."""

    policy: Policy
    judged: list[Judged]
    edits: list[LateEdit]

    @property
    def thresholds(self) -> list[Decimal]:
        """Where a band of the policy in force begins."""
        lowers = {band.lower for table in self.policy.prices for band in table.bands}
        return sorted(lower for lower in lowers if lower > 0)

    @property
    def teams(self) -> list[str]:
        return sorted({row.team for row in self.judged})

    def bins(self, team: str = ""):
        return bins_of(row.percent for row in self.judged if team in ("", row.team))

    def excesses(self, team: str = "") -> list[Excess]:
        bins = self.bins(team)
        return [excess_under(bins, threshold) for threshold in self.thresholds]

    @property
    def size(self) -> Decimal:
        return self.policy.size.threshold

    @property
    def splits(self) -> list[Split]:
        return splits_of(self.judged, self.size)


def bunching_of(user, since: date, until: date) -> Bunching:
    _, policy = policy_in_force()
    return Bunching(
        policy,
        last_submissions(user, since, until, policy),
        late_edits(user, since, until),
    )


@login_required
@require_safe
def bunching_report(request):
    check_can_see(request.user)
    company = Company.get()
    form = BunchingForm(request.GET)
    since, until = form.days(company.local_day(timezone.now()))
    found = bunching_of(request.user, since, until)
    splits = found.splits
    context = {
        "form": form,
        "since": since,
        "until": until,
        "n": len(found.judged),
        "currency": company.currency,
        "size": found.size,
        "days": SPLIT_DAYS,
        "charts": [chart_of(found, excess) for excess in found.excesses()],
        "thresholds": found.thresholds,
        "teams": [{"name": team, "excesses": found.excesses(team)} for team in found.teams],
        "bins": [(bin_label(lower), count) for lower, count in binned(found) if count],
        "splits": told(splits[:SHOWN]),
        "split_count": len(splits),
        "edits": found.edits[:SHOWN],
        "edit_count": len(found.edits),
        "query": request.GET.urlencode(),
    }
    return render(request, "dealdesk/bunching_report.html", context)


def binned(found: Bunching) -> list[tuple[Decimal, int]]:
    return series(found.bins(), found.thresholds)


def bin_label(lower: Decimal) -> str:
    return f"{lower:f} to {lower + BIN:f}"


def chart_of(found: Bunching, excess: Excess) -> dict[str, Any]:
    """The bins around one threshold; the last point below it stands out."""
    bins = found.bins()
    first = max(excess.threshold - BESIDE, Decimal(0))
    lowers = [first + BIN * step for step in range(int((excess.threshold + BESIDE - first) / BIN))]
    under = [excess.threshold - 1 <= lower < excess.threshold for lower in lowers]
    return {
        "excess": excess,
        "title": f"Just under {excess.threshold.normalize():f} %",
        "rows": [(f"{lower:f}", bins[lower - lower % BIN]) for lower in lowers],
        "tones": ["2" if near else "1" for near in under],
    }


def told(splits: list[Split]) -> list[dict[str, Any]]:
    """The groups with their deals, read at once."""
    wanted = [offer.deal for split in splits for offer in split.offers]
    deals = Deal.objects.select_related("account", "owner").in_bulk(wanted)
    return [
        {
            "split": split,
            "account": deals[split.offers[0].deal].account,
            "deals": [
                {"deal": deals[o.deal], "value": o.value, "day": date.fromordinal(o.day)}
                for o in split.offers
            ],
        }
        for split in splits
    ]


# Taking it along


@login_required
@require_safe
def bunching_export(request, kind):
    if kind not in exports.FORMATS:
        raise Http404
    check_can_see(request.user)
    since, until = BunchingForm(request.GET).days(Company.get().local_day(timezone.now()))
    found = bunching_of(request.user, since, until)
    return exports.file_response(kind, f"bunching-{until}", list(sheets(found)))


def sheets(found: Bunching) -> Iterator[exports.Sheet]:
    yield exports.Sheet("Bins", ("From %", "To %", "Quotes"), bin_rows(found))
    head = ("Team", "Threshold %", "Found", "Expected", "Excess", "Strength", "n")
    yield exports.Sheet("Just under", head, excess_rows(found))
    head = ("Account", "Deal", "Submitted", "Annual value", "Group sum", "Crosses", "Just below")
    yield exports.Sheet("Split deals", head, split_rows(found))
    head = ("Deal", "Team", "Edited by", "Edited", "Hours after approval", "Approved %", "Now %")
    yield exports.Sheet("Edits after approval", head, edit_rows(found))


def bin_rows(found: Bunching) -> Iterator[list[Any]]:
    for lower, count in binned(found):
        yield [lower, lower + BIN, count]


def excess_rows(found: Bunching) -> Iterator[list[Any]]:
    for team in ("", *found.teams):
        for each in found.excesses(team):
            strength = None if each.strength is None else round(each.strength, 2)
            yield [
                team or "All",
                each.threshold,
                each.found,
                round(each.expected, 2),
                round(each.excess, 2),
                strength,
                each.n,
            ]


def split_rows(found: Bunching) -> Iterator[list[Any]]:
    for row in told(found.splits):
        split = row["split"]
        for each in row["deals"]:
            yield [
                row["account"].name if row["account"] else "",
                each["deal"].name,
                each["day"],
                each["value"],
                split.total,
                split.crosses,
                split.just_below,
            ]


def edit_rows(found: Bunching) -> Iterator[list[Any]]:
    for each in found.edits:
        deal = each.edit.quote.deal
        yield [
            deal.name,
            deal.owner.team.name if deal.owner.team else "",
            each.edit.edited_by.name,
            timezone.localtime(each.edit.edited_at),
            each.hours,
            each.request.quote.discount_percent,
            each.edit.quote.discount_percent,
        ]


def register() -> None:
    register_report(
        ReportLink(
            "bunching",
            "Just under the thresholds",
            "Do discounts gather under the next approver, are deals split, and what follows a yes?",
            "dealdesk:bunching-report",
            "chart-column",
            92,
            group=DISCIPLINE,
            visible=can_see_exceptions,
        )
    )
