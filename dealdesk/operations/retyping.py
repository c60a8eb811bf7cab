"""Typing the discount again on the page of a link, where the policy asks for it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.db import transaction

from dealdesk import links
from dealdesk.models import ApprovalLink
from dealdesk.operations.decisions import locked_slot
from dealdesk.operations.shared import judged_terms, lock_deal, lock_request
from dealdesk.stepup import MOST_MISTYPED, is_discount_of
from revops.ledger.operations import record
from revops.people.actor import Actor
from revops.refusals import Conflict


@transaction.atomic(durable=True)
def retype_discount(
    *, link: ApprovalLink, typed: Decimal | None, by: Actor, at: datetime
) -> ApprovalLink:
    """Note that the holder of a link typed the discount of its terms, or count that they did not.

    A wrong one is counted and kept, so it is told by `retyped_at` and not by a refusal; at the
    fifth the link ends, and its addressee may be sent a fresh one. Raises Conflict for a link
    that is dead already.
    """
    deal = lock_deal(link.slot.step.request.deal_id)
    request = lock_request(link.slot.step.request_id, deal)
    slot = locked_slot(link.slot_id, request)
    link = ApprovalLink.objects.get(pk=link.pk)
    link.slot = slot
    kind = links.kind_of(link, at)
    if kind is not links.LinkKind.LIVE:
        raise Conflict(links.SENTENCES[kind], code=f"link_{kind.value}")
    if is_discount_of(typed, judged_terms(request)):
        link.retyped_at = at
        link.save(update_fields=["retyped_at"])
        return link
    link.mistyped += 1
    link.save(update_fields=["mistyped"])
    after = {"slot": slot.pk, "times": link.mistyped}
    record("approval.mistyped", slot, by=by, at=at, after=after, related=[request, deal])
    if link.mistyped >= MOST_MISTYPED:
        links.kill([slot], why=links.Killed.MISTYPED, at=at)
    return link
