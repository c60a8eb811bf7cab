"""For whom deals waited at the deal desk: approvers by role, and the mails that told them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from dealdesk.models import ApprovalRequest, ApprovalSlot
from pipeline.forecasting.delay import APPROVER, SYSTEM, Timeline, Wait
from revops.among import Among
from revops.models import subject_of
from revops.outbox.models import Delivery

Told = Iterator[tuple[int, Wait]]


def waits_of(deals: Sequence[int]) -> Mapping[int, Timeline]:
    """An approver waits from being asked until the slot closes; an approval is an act of ours."""
    waits: defaultdict[int, list[Wait]] = defaultdict(list)
    for deal, wait in asked_of(deals):
        waits[deal].append(wait)
    approved: defaultdict[int, list] = defaultdict(list)
    requests = ApprovalRequest.objects.filter(
        deal__in=Among(deals), valid_until__isnull=False, decided_at__isnull=False
    )
    for deal, at in requests.values_list("deal", "decided_at"):
        approved[deal].append(at)
    return {deal: Timeline(waits[deal], approved[deal]) for deal in {*waits, *approved}}


def asked_of(deals: Sequence[int]) -> Told:
    slots = ApprovalSlot.objects.filter(
        step__request__deal__in=Among(deals), requested_at__isnull=False
    ).values_list("pk", "step__request__deal", "role", "requested_at", "closed_at")
    deal_of = {}
    for pk, deal, role, since, until in slots:
        deal_of[pk] = deal
        if since is not None:
            yield deal, Wait(f"{APPROVER}{role}", since, until)
    yield from mails_of(deal_of)


def mails_of(deal_of: Mapping[int, int]) -> Told:
    """From asking somebody until the mail that says so was sent."""
    kind, _ = subject_of(ApprovalSlot())
    sent = Delivery.objects.filter(
        notification__event="approval.requested",
        notification__about_type=kind,
        notification__about_id__in=Among(deal_of),
        sent_at__isnull=False,
    ).values_list("notification__about_id", "notification__created_at", "sent_at")
    for slot, since, until in sent:
        yield deal_of[slot], Wait(SYSTEM, since, until)
