"""What a demo request leaves in the register."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

from dealdesk.demo.asking.facts import Request
from dealdesk.models import ExceptionRecord
from dealdesk.registering import company_amount, discounts, timings, volumes
from revops.worktime.arithmetic import business_time_between

OUTCOMES = {
    "pending": "pending",
    "approved": "approved",
    "consumed": "approved",
    "rejected": "rejected",
    "recalled": "withdrawn",
}


def write_exceptions(request: Request) -> None:
    chunk, deal = request.chunk, request.deal
    outcome = OUTCOMES[request.status]
    hours = None
    if request.decided_at is not None:
        spent = business_time_between(chunk.world.office_hours, request.at, request.decided_at)
        hours = Decimal(spent // timedelta(seconds=36)) / 100
    stake = company_amount(request.judged.terms, request.judged.terms.price.tcv)
    for facts in exceptions(request):
        pk = chunk.numbers.take("exception")
        requested = facts["requested_value"]
        chunk.rows["exception"].append(
            (
                pk,
                request.id,
                deal.id,
                deal.account.id,
                str(facts["kind"].value),
                facts.get("term"),
                facts["label"],
                facts["standard_value"],
                requested,
                requested if outcome == "approved" else "",
                facts.get("discount_percent"),
                facts.get("stake_amount", stake),
                deal.account.segment.key,
                request.judged.route.key,
                deal.seller.id,
                deal.seller.team_id,
                outcome,
                request.at,
                request.decided_at,
                hours,
            )
        )
        for person in sorted(set(request.deciders)):
            chunk.rows["decider"].append((pk, person))


def exceptions(request: Request) -> Iterator[dict[str, Any]]:
    """What the register keeps of a submission, found as submission finds it."""
    judged, policy = request.judged, request.chunk.world.policy
    yield from discounts(judged.terms, judged.route, policy)
    yield from timings(judged.terms, judged.route, policy)
    yield from volumes(judged.terms, judged.route)
    for term in judged.terms.nonstandard:
        if term.key not in policy.terms.adopted:
            yield {
                "kind": ExceptionRecord.Kind.CATALOGUE,
                "term": request.chunk.world.catalogue[term.key],
                "label": term.name,
                "standard_value": term.standard_value,
                "requested_value": term.requested_value or term.requested_text[:200],
            }
