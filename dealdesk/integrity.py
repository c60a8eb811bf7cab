"""Rules of the deal desk across rows that only an operation keeps, and a direct write may break."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import Count, DecimalField, Exists, F, OuterRef, Q, QuerySet, Sum, Value
from django.db.models.functions import Coalesce

from dealdesk.inputs import HEADER, TermsReader, load_rows, policy_in_force
from dealdesk.models import (
    ApprovalLink,
    ApprovalRequest,
    ApprovalSlot,
    ApprovalStep,
    Decision,
    ExceptionRecord,
    GrantUse,
    PolicyVersion,
    Quote,
    StandingGrant,
    TermsSnapshot,
)
from dealdesk.operations.shared import write_figures
from dealdesk.policy import Topic, policy_digest, policy_from_json
from dealdesk.terms import Terms, digests, from_canonical, topic_digest
from revops.integrity import register_integrity
from revops.refusals import Refused

MOST = 100
"""Each rule names so many rows, then says how many more."""
BATCH = 500

Slot, Step, Request = ApprovalSlot.State, ApprovalStep.State, ApprovalRequest.Status
OPEN_SLOTS = [Slot.REQUESTED, Slot.NOT_YET_REQUESTED]
OPEN_STEPS = [Step.REQUESTED, Step.NOT_YET_REQUESTED]
STOOD = [Request.APPROVED, Request.CONSUMED, Request.LAPSED]
ZERO = Value(0, DecimalField())
UNENDED = [Request.PENDING, Request.APPROVED, Request.CONSUMED]
GIVES_BACK = [status for status in Request.values if status not in UNENDED]
APPROVING = Q(carried_from__verdict="approved") | Q(carried_from__counter__isnull=False)
"""A counter-offer approves the terms that it offers."""


def told(numbers: Iterable[int], subject: str, what: str) -> Iterator[str]:
    """A sentence for each row, and one for those beyond the most that are named."""
    found = list(numbers)
    for number in found[:MOST]:
        yield f"{subject} {number} {what}."
    if len(found) > MOST:
        yield f"{len(found) - MOST} more: {subject.lower()} {what}."


def pks(query: QuerySet[Any]) -> list[int]:
    return list(query.order_by("pk").values_list("pk", flat=True))


def check_requests() -> Iterator[str]:
    """Requests, steps, slots and decisions say the same."""
    requests = ApprovalRequest.objects.all()
    slots = ApprovalSlot.objects.filter(step__request=OuterRef("pk"))
    steps = ApprovalStep.objects.filter(request=OuterRef("pk"))
    open_slots = slots.filter(state__in=OPEN_SLOTS)
    pending = requests.filter(status=Request.PENDING)
    ended = requests.exclude(status=Request.PENDING)
    yield from told(pks(ended.filter(Exists(open_slots))), "Request", "ended but still asks people")
    yield from told(
        pks(pending.filter(~Exists(slots.filter(state=Slot.REQUESTED)))),
        "Request",
        "is pending and asks nobody",
    )
    yield from told(
        pks(ended.filter(Exists(steps.filter(state__in=OPEN_STEPS)))),
        "Request",
        "ended with an open step",
    )
    agreed = [Step.APPROVED, Step.CARRIED_FORWARD, Step.BYPASSED]
    yield from told(
        pks(requests.filter(status__in=STOOD).filter(Exists(steps.exclude(state__in=agreed)))),
        "Request",
        "is approved without all of its steps",
    )
    yield from told(
        pks(requests.filter(status__in=STOOD, is_automatic=False).filter(~Exists(steps))),
        "Request",
        "is approved by nobody",
    )
    bypassed = steps.filter(state=Step.BYPASSED)
    yield from told(
        pks(requests.filter(bypassed_at=None).filter(Exists(bypassed))),
        "Request",
        "has a bypassed step and nobody who bypassed it",
    )
    yield from told(
        pks(requests.filter(is_automatic=True).filter(Exists(steps))),
        "Request",
        "is automatic and asks somebody",
    )
    yield from told(
        pks(requests.filter(~Q(deal=F("quote__deal")) | ~Q(quote=F("snapshot__quote")))),
        "Request",
        "belongs to another deal or quote than its snapshot",
    )


def check_decisions() -> Iterator[str]:
    """Each decided slot has its decision, by its person, on the terms of its request."""
    slots = ApprovalSlot.objects.all()
    for state, verdict in zip(ApprovalSlot.DECIDED, Decision.Verdict.values, strict=True):
        wrong = slots.filter(state=state).exclude(decision__verdict=verdict)
        yield from told(pks(wrong), "Slot", f"is {verdict} without such a decision")
    decided = Decision.objects.all()
    yield from told(
        pks(decided.exclude(slot__state=F("verdict"))), "Decision", "is not what its slot says"
    )
    yield from told(
        pks(decided.exclude(decided_by=F("slot__person"))),
        "Decision",
        "is by somebody else than was asked",
    )
    yield from told(
        pks(decided.exclude(terms_digest=F("slot__step__request__snapshot__digest"))),
        "Decision",
        "judged other terms than those of its request",
    )
    carried = slots.filter(state=Slot.CARRIED_FORWARD)
    yield from told(
        pks(carried.exclude(APPROVING)),
        "Slot",
        "carries forward what was no approval",
    )
    yield from told(
        pks(carried.exclude(person=F("carried_from__decided_by"))),
        "Slot",
        "carries forward the decision of somebody else",
    )
    steps = ApprovalStep.objects.annotate(
        asked=Count("slots", filter=~Q(slots__state=Slot.REASSIGNED)),
        people=Count("slots__person", filter=~Q(slots__state=Slot.REASSIGNED), distinct=True),
    )
    yield from told(pks(steps.exclude(asked=F("people"))), "Step", "asks one person for two groups")


def check_snapshots() -> Iterator[str]:
    """The digests of each snapshot are those of its body."""
    wrong = []
    for row in TermsSnapshot.objects.order_by("pk").iterator(chunk_size=BATCH):
        try:
            marks = digests(from_canonical(row.body))
        except (ValueError, TypeError, KeyError):
            wrong.append(row.pk)
            continue
        kept = (row.digest, row.price_digest, row.commercial_digest, row.legal_digest)
        if kept != (marks.overall, marks.price, marks.commercial, marks.legal):
            wrong.append(row.pk)
    yield from told(wrong, "Snapshot", "has digests that are not those of its body")


def check_quotes() -> Iterator[str]:
    """The figures of each quote are those of its lines, and submitted lines those judged."""
    try:
        _, policy = policy_in_force()
    except Refused as refusal:
        yield refusal.message
        return
    reader = TermsReader(policy)
    figures: list[int] = []
    changed: list[int] = []
    quotes = Quote.objects.select_related(*HEADER).order_by("pk")
    batch: list[Quote] = []
    for quote in quotes.iterator(chunk_size=BATCH):
        batch.append(quote)
        if len(batch) == BATCH:
            _judge_batch(batch, reader, figures, changed)
            batch = []
    _judge_batch(batch, reader, figures, changed)
    yield from told(figures, "Quote", "shows figures that are not those of its lines")
    yield from told(changed, "Quote", "was changed after it was submitted")


def _judge_batch(
    quotes: list[Quote], reader: TermsReader, figures: list[int], changed: list[int]
) -> None:
    snapshots = {
        row.quote_id: row for row in TermsSnapshot.objects.filter(quote__in=quotes).order_by("pk")
    }
    for rows in load_rows(quotes):
        quote = rows.quote
        terms = reader.terms(rows)
        fresh = Quote()
        write_figures(fresh, terms.price)
        names = ("list_amount", "standard_amount", "net_amount", "annual_amount")
        if any(getattr(fresh, name) != getattr(quote, name) for name in names):
            figures.append(quote.pk)
        snapshot = snapshots.get(quote.pk)
        if snapshot is not None and not same_wish(terms, snapshot):
            changed.append(quote.pk)


def same_wish(terms: Terms, snapshot: TermsSnapshot) -> bool:
    """Whether the rows still say what was judged: price, length, payment and texts."""
    was = from_canonical(snapshot.body)
    if topic_digest(terms, Topic.PRICE) != snapshot.price_digest:
        # A term of the catalogue may have moved to another category since.
        if [t.key for t in was.nonstandard] == [t.key for t in terms.nonstandard]:
            return was.price.lines == terms.price.lines
        return False
    return wishes(was) == wishes(terms)


def wishes(terms: Terms) -> tuple:
    return (
        terms.term_months,
        terms.payment.rank,
        terms.billing.rank,
        terms.kind,
        tuple((t.key, t.requested_value, t.requested_text) for t in terms.nonstandard),
    )


def check_primaries() -> Iterator[str]:
    """A deal's amount and currency are those of its primary quote."""
    primaries = Quote.objects.filter(is_primary=True, lines__isnull=False).distinct()
    wrong = primaries.exclude(deal__amount=F("net_amount"), deal__currency=F("currency"))
    yield from told(pks(wrong), "Quote", "is primary but not the amount of its deal")


def check_links() -> Iterator[str]:
    """Only an open slot has a live link; a link used up led to a decision."""
    live = ApprovalLink.objects.filter(consumed_at=None, killed_at=None)
    yield from told(
        pks(live.exclude(slot__state=Slot.REQUESTED)), "Link", "lives on a slot that is closed"
    )
    used = ApprovalLink.objects.filter(consumed_at__isnull=False)
    yield from told(pks(used.filter(slot__decision=None)), "Link", "was used without a decision")


def check_grants() -> Iterator[str]:
    """What grants say was used is what their uses took and did not give back."""
    kept = Q(uses__returned_at=None)
    grants = StandingGrant.objects.annotate(
        count=Count("uses", filter=kept), amount=Coalesce(Sum("uses__amount", filter=kept), ZERO)
    )
    wrong = grants.exclude(count=F("used_count"), amount=F("used_amount"))
    yield from told(pks(wrong), "Grant", "says that another amount was used")
    ended = GrantUse.objects.filter(returned_at=None, request__status__in=GIVES_BACK)
    yield from told(pks(ended), "Grant use", "was not given back by a request that ended")


def check_policies() -> Iterator[str]:
    """One policy is in force, and each is what its digest says."""
    wrong = []
    for row in PolicyVersion.objects.order_by("pk"):
        try:
            same = policy_digest(policy_from_json(row.body)) == row.digest
        except (ValueError, TypeError, KeyError):
            same = False
        if not same:
            wrong.append(row.pk)
    yield from told(wrong, "Policy", "is not what its digest says")
    if not PolicyVersion.objects.filter(in_force=True).exists():
        yield "No policy is in force."


def check_register() -> Iterator[str]:
    """The register says pending exactly of requests that are."""
    pending = Q(request__status=Request.PENDING)
    rows = ExceptionRecord.objects.all()
    yield from told(
        pks(rows.filter(pending).exclude(outcome="pending")),
        "Exception",
        "ended before its request",
    )
    yield from told(
        pks(rows.exclude(pending).filter(outcome="pending")), "Exception", "outlived its request"
    )


def register() -> None:
    register_integrity("dealdesk.requests", check_requests)
    register_integrity("dealdesk.decisions", check_decisions)
    register_integrity("dealdesk.snapshots", check_snapshots)
    register_integrity("dealdesk.quotes", check_quotes)
    register_integrity("dealdesk.primaries", check_primaries)
    register_integrity("dealdesk.links", check_links)
    register_integrity("dealdesk.grants", check_grants)
    register_integrity("dealdesk.policies", check_policies)
    register_integrity("dealdesk.exceptions", check_register)
