"""What the report on bunching reads: discounts as they were judged, deals of one account, edits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db.models import F

from dealdesk.bunching import Offer, Split, splits
from dealdesk.models import ApprovalRequest, JudgedFacts, QuoteEdit, TermsSnapshot
from dealdesk.policy import JudgedBasis, Policy, Topic
from dealdesk.replayfacts import (
    MONEY_PLACES,
    PERCENT_PLACES,
    VERSION,
    Facts,
    facts_from,
    facts_of,
)
from dealdesk.replaying import submissions
from dealdesk.replayjudge import Judge
from dealdesk.terms import from_canonical
from revops.company.models import Company

if TYPE_CHECKING:
    from revops.people.models import User

LATE_EDIT = timedelta(hours=48)
SPLIT_DAYS = 90


@dataclass(frozen=True)
class Judged:
    """One deal's last submission of the period: its judged discount and annual value."""

    deal: int
    account: int | None
    team: str
    percent: Decimal
    value: Decimal
    day: date


def last_submissions(user: User, since: date, until: date, policy: Policy) -> list[Judged]:
    """The last submission of each deal this person may see, as the policy measures discounts.

    The judged discount is the largest on any basis of the policy's price tables.
    """
    judge = Judge(policy)
    bases = bases_of(policy, judge)
    zone = Company.get().zone_info
    found = {}
    for deal, account, team, at, facts in rows(user, since, until):
        if facts is None or facts.refused:
            continue
        percents = [judge.measured(facts, basis) for basis in bases]
        known = [percent for percent in percents if percent is not None]
        if known:
            found[deal] = Judged(
                deal=deal,
                account=account,
                team=team or "No team",
                percent=plain(max(known), PERCENT_PLACES),
                value=plain(facts.annual_value, MONEY_PLACES),
                day=at.astimezone(zone).date(),
            )
    return list(found.values())


def bases_of(policy: Policy, judge: Judge) -> list[JudgedBasis]:
    """What the policy measures discounts on; single lines only where facts say which count."""
    bases = dict.fromkeys(basis for table in policy.prices for basis in table.bases)
    return [basis for basis in bases if judge.is_quick or basis is not JudgedBasis.WORST_LINE]


def plain(value: int, places: int) -> Decimal:
    """A whole number of small units as what it stands for, cut to its places."""
    return Decimal(value // 2).scaleb(-places)


def rows(
    user: User, since: date, until: date
) -> Iterator[tuple[int, int | None, str | None, datetime, Facts | None]]:
    """Submissions in their order, each with its facts; facts that are not there are taken now."""
    asked = submissions(since, until) & ApprovalRequest.objects.visible_to(user)
    found = asked.order_by("submitted_at", "pk").values_list(
        "deal", "deal__account", "deal__owner__team__name", "submitted_at", "snapshot",
        "snapshot__facts__schema", "snapshot__facts__body",
    )  # fmt: skip
    missing: dict[int, Facts | None] = {}
    waiting = asked.exclude(
        snapshot__in=JudgedFacts.objects.filter(schema=VERSION).values("snapshot")
    )
    for pk, body in TermsSnapshot.objects.filter(request__in=waiting).values_list("pk", "body"):
        missing[pk] = facts_of(from_canonical(body))
    for deal, account, team, at, snapshot, schema, body in found.iterator(chunk_size=2000):
        facts = facts_from(body) if schema == VERSION else missing.get(snapshot)
        yield deal, account, team, at, facts


def splits_of(judged: list[Judged], threshold: Decimal) -> list[Split]:
    """Deals of one account that would have been of a higher size tier as one."""
    offers = (
        Offer(row.deal, row.account, row.day.toordinal(), row.value)
        for row in judged
        if row.account is not None
    )
    return splits(offers, threshold, SPLIT_DAYS)


@dataclass(frozen=True)
class LateEdit:
    """An edit that made the price worse for us soon after it was approved."""

    edit: QuoteEdit
    request: ApprovalRequest
    hours: Decimal


def late_edits(user: User, since: date, until: date) -> list[LateEdit]:
    """Edits that worsened the price within 48 hours of an approval of the same deal."""
    requests = ApprovalRequest.objects.visible_to(user) & submissions(since, until)
    edits = (
        QuoteEdit.objects.filter(
            quote__deal__approval_requests__in=requests.filter(valid_until__isnull=False),
            quote__deal__approval_requests__decided_at__lt=F("edited_at"),
            quote__deal__approval_requests__decided_at__gte=F("edited_at") - LATE_EDIT,
        )
        .annotate(request_id=F("quote__deal__approval_requests"))
        .select_related("quote__deal__owner__team", "edited_by")
        .order_by("-edited_at", "-pk", "request_id")
    )
    worse = [edit for edit in edits if Topic.PRICE.value in edit.worsened]
    known = requests.select_related("quote").in_bulk({edit.request_id for edit in worse})
    found: dict[int, LateEdit] = {}
    for edit in worse:
        request = known[edit.request_id]
        assert request.decided_at is not None  # asked of the database
        after = Decimal(round((edit.edited_at - request.decided_at).total_seconds() / 360)) / 10
        kept = found.get(edit.pk)
        if kept is None or after < kept.hours:
            found[edit.pk] = LateEdit(edit, request, after)
    return list(found.values())
