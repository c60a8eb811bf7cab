"""Changes of the term, of payment and billing, of the segment and the kind of quote."""

from __future__ import annotations

from collections.abc import Iterator

from dealdesk.cover.changes import Direction, FieldChange
from dealdesk.policy import Policy, Topic
from dealdesk.routing import judged_segment
from dealdesk.terms import Terms
from dealdesk.wording import months_text


def commercial_changes(was: Terms, now: Terms, policy: Policy) -> Iterator[FieldChange]:
    yield from _length_changes(was, now, policy)
    yield from _later(
        "payment",
        "Payment",
        (was.payment.name, was.payment.rank),
        (now.payment.name, now.payment.rank),
    )
    yield from _later(
        "billing",
        "Billing",
        (was.billing.name, was.billing.rank),
        (now.billing.name, now.billing.rank),
    )
    if was.segment.key != now.segment.key:
        yield _segment_change(was, now, policy)
    if was.kind != now.kind:
        yield FieldChange(
            Topic.COMMERCIAL,
            "kind",
            was.kind,
            now.kind,
            f"The kind of quote changed from {was.kind} to {now.kind}.",
            Direction.WORSE,
        )


def _length_changes(was: Terms, now: Terms, policy: Policy) -> Iterator[FieldChange]:
    """Months paid for were given in return; months of service beyond standard were judged."""
    paid_was, paid_now = was.price.paid_months or 0, now.price.paid_months or 0
    if paid_now < paid_was:
        before, after = months_text(was.price.paid_months), months_text(now.price.paid_months)
        yield FieldChange(
            Topic.COMMERCIAL,
            "term",
            before,
            after,
            f"The term was shortened from {before} to {after}.",
            Direction.REDUCED,
        )
    months_was, months_now = was.term_months or 0, now.term_months or 0
    if months_now > months_was:
        beyond = months_now > policy.structure.standard_months
        before, after = months_text(was.term_months), months_text(now.term_months)
        yield FieldChange(
            Topic.COMMERCIAL,
            "term",
            before,
            after,
            f"The term was lengthened from {before} to {after}.",
            Direction.WORSE if beyond else Direction.BETTER,
        )


def _later(
    field: str, name: str, was: tuple[str, int], now: tuple[str, int]
) -> Iterator[FieldChange]:
    """Later cash is worse, and takes back a prepayment that was given in return."""
    if was == now:
        return
    if was[1] == now[1]:
        direction, how = Direction.SAME, "neither sooner nor later"
    elif now[1] > was[1]:
        direction, how = Direction.WORSE, "later"
    else:
        direction, how = Direction.BETTER, "sooner"
    sentence = f"{name} changed from {was[0]} to {now[0]}, which is {how}."
    yield FieldChange(Topic.COMMERCIAL, field, was[0], now[0], sentence, direction)


def _segment_change(was: Terms, now: Terms, policy: Policy) -> FieldChange:
    """A segment matters only where a rule reads it: from one that asks nobody to one that does."""
    rules = policy.structure.enterprise_segments
    large_was = judged_segment(policy, was.segment.key) in rules
    large_now = judged_segment(policy, now.segment.key) in rules
    if large_was == large_now:
        direction = Direction.SAME
    else:
        direction = Direction.WORSE if large_now else Direction.BETTER
    before, after = was.segment.key, now.segment.key
    return FieldChange(
        Topic.COMMERCIAL,
        "segment",
        before,
        after,
        f"The account's segment changed from {before} to {after}.",
        direction,
    )
