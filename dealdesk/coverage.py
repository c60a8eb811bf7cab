"""Whether the terms a deal stands on are approved: what gates, cards and pages ask.

Read only. The gate asks it in the transaction of the move, under the lock of the deal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from dealdesk import cover
from dealdesk.exclusions import family_of
from dealdesk.inputs import QuoteRows, TermsReader, rows_of
from dealdesk.models import ApprovalCondition, ApprovalRequest, ApprovalSlot, Decision, Quote
from dealdesk.policy import policy_from_json
from dealdesk.terms import Terms, from_canonical
from dealdesk.wording import listed
from pipeline.models import Deal, Move
from pipeline.registry import CardFact, DealFacts, ItemKind, PlannedMove
from revops.among import Among
from revops.company.models import Company
from revops.people.models import User
from revops.refusals import Missing
from revops.remembering import remembered

COVER = "cover"
PROPOSAL = "proposal"


@dataclass(frozen=True)
class CoverState:
    """How a deal stands: the quote, the approval that covers it, or why there is none."""

    quote: Quote | None
    request: ApprovalRequest | None = None
    changes: tuple[cover.FieldChange, ...] = ()
    pending: ApprovalRequest | None = None
    lapsed: ApprovalRequest | None = None

    @property
    def ok(self) -> bool:
        return self.request is not None

    @property
    def said(self) -> list[str]:
        """What an approval does not cover, in sentences."""
        return cover.in_words(self.changes)

    @property
    def sentence(self) -> str:
        """Why the deal is not covered and what to do; empty when it is."""
        if self.ok:
            return ""
        if self.quote is None:
            return "Make a quote and submit it: the terms must be approved."
        if self.pending is not None:
            return f"The terms wait for {names_of(waiting_for(self.pending))}."
        if self.changes:
            worse = " ".join(self.said[:3])
            return f"The approval does not cover these terms. {worse} Submit the quote again."
        if self.lapsed is not None and self.lapsed.valid_until:
            day = Company.get().local_day(self.lapsed.valid_until)
            return f"The approval was good until {day:%-d %B %Y}. Submit the quote again."
        return "Submit the quote: its terms are not approved."


def primary_of(deal: Deal) -> Quote | None:
    found = Quote.objects.filter(deal=deal, is_primary=True)
    found = found.select_related("deal__account", "payment_terms", "billing")
    return remembered(("primary", deal.pk), found.first)


def cover_of(deal: Deal, at: datetime) -> CoverState:
    """Return whether an approval in time covers the terms of the deal's primary quote."""
    quote = primary_of(deal)
    if quote is None:
        return CoverState(None)
    return cover_of_quote(quote, at)


def cover_of_quote(quote: Quote, at: datetime, rows: QuoteRows | None = None) -> CoverState:
    """Whether the terms of this quote are covered; `rows` where they were read just now."""
    rows = rows or rows_of(quote)
    approvals = approvals_of(quote, ever=True)
    in_time = [a for a in approvals if is_good(a, at)]
    changes: tuple[cover.FieldChange, ...] = ()
    for request in in_time:
        found = covers(request, rows)
        if found.ok:
            return CoverState(quote, request)
        changes = changes or found.worsened
    family = family_of(quote)
    pending = ApprovalRequest.objects.pending().filter(quote__in=family).first()
    lapsed = next((a for a in approvals if a not in in_time), None)
    return CoverState(quote, None, changes, pending, lapsed)


def is_good(request: ApprovalRequest, at: datetime) -> bool:
    """Whether an approval stands and is in its time, whether or not the clock wrote it down."""
    stands = request.status == ApprovalRequest.Status.APPROVED
    return stands and request.valid_until is not None and at < request.valid_until


def approvals_of(quote: Quote, *, ever: bool = False) -> list[ApprovalRequest]:
    """Approvals of this quote or a revision of it, newest first; `ever`: those too that lapsed."""
    Status = ApprovalRequest.Status
    wanted = [Status.APPROVED, Status.LAPSED] if ever else [Status.APPROVED]
    found = ApprovalRequest.objects.filter(quote__in=family_of(quote), status__in=wanted)
    # What rests on authority that was taken back covers nothing from that moment on.
    found = found.exclude(grant_use__grant__revoked_at__isnull=False)
    return list(found.select_related("snapshot", "policy", "quote").order_by("-attempt"))


def covers(request: ApprovalRequest, rows: QuoteRows) -> cover.Cover:
    """Hold the rows of a quote against what a request approved, under the policy of its day."""
    policy = policy_from_json(request.policy.body)
    approved = from_canonical(request.snapshot.body)
    current = TermsReader(policy).terms(rows)
    return cover.covers(approved, at_rate_of(approved, current), policy)


def at_rate_of(approved: Terms, current: Terms) -> Terms:
    """The current terms at the rate of the approval: a rate that moved re-opens nothing."""
    if approved.currency != current.currency:
        return current
    return replace(current, company=approved.company)


def what_primary_gives_up(quote: Quote, at: datetime) -> list[str]:
    """What making this quote primary gives up, in sentences; empty when nothing is lost."""
    now = primary_of(quote.deal)
    if now is None or now.pk == quote.pk:
        return []
    present = cover_of_quote(now, at)
    if present.request is None:
        return []
    after = cover_of_quote(quote, at)
    if after.ok:
        return []
    by = [f"{approval_words(decision, at)}" for decision in approvals_behind(present.request)]
    lost = [f"It gives up {listed(by)}."] if by else ["It gives up the approval of these terms."]
    changes = covers(present.request, rows_of(quote)).worsened
    return lost + cover.in_words(changes)


def approvals_behind(request: ApprovalRequest) -> list[Decision]:
    """The decisions a request rests on, those carried forward too, in order of time."""
    own = Decision.objects.filter(slot__step__request=request, revocation=None)
    carried = Decision.objects.filter(carried_to__step__request=request)
    found = own.filter(verdict=Decision.Verdict.APPROVED) | carried
    return list(found.distinct().select_related("decided_by").order_by("decided_at", "pk"))


def approval_words(decision: Decision, at: datetime) -> str:
    """Name an approval as people speak of it: "Ana's approval of Tuesday"."""
    approved = decision.verdict == Decision.Verdict.APPROVED
    noun = "approval" if approved else "counter-offer"
    return f"{decision.decided_by.short_name}'s {noun} of {day_words(decision.decided_at, at)}"


def day_words(moment: datetime, at: datetime) -> str:
    """The day of a moment: a weekday within the last week, else the date."""
    company = Company.get()
    day, today = company.local_day(moment), company.local_day(at)
    if day == today:
        return "today"
    return f"{day:%A}" if (today - day).days < 7 else f"{day:%-d %B %Y}"


# What the pipeline asks


def check_cover(move: PlannedMove, *, at: datetime) -> Sequence[Missing]:
    """Ask for cover when Proposal is left forwards, jumped over too, and when the deal is won."""
    wins = move.kind == Move.WIN
    leaves = move.kind in (Move.ADVANCE, Move.SKIP) and PROPOSAL in (*move.leaves, *move.skipped)
    if not (wins or leaves):
        return ()
    state = cover_of(move.deal, at)
    if state.request is not None:
        return open_conditions(state.request, move) if wins else ()
    return (Missing(COVER, "Approved terms", state.sentence, move.from_stage),)


def conditions_of(request: ApprovalRequest) -> QuerySet[ApprovalCondition]:
    """What was asked for with the approvals a request rests on, in the order it was asked."""
    found = ApprovalCondition.objects.filter(decision__in=approvals_behind(request))
    return found.select_related("decision__decided_by", "done_by").order_by("pk")


def open_conditions(request: ApprovalRequest, move: PlannedMove) -> Sequence[Missing]:
    """What the approvals of a request were given under and nobody has done yet."""
    return [
        Missing(
            f"condition.{each.pk}",
            each.text,
            f"{each.decision.decided_by.short_name} approved on condition: {each.text}",
            move.from_stage,
        )
        for each in conditions_of(request).filter(done_at=None)
    ]


def has_price(deal: Deal, facts: DealFacts) -> bool:
    """Whether the primary quote has lines and a standard price to compare with."""
    quote = facts.extra.get("quote")
    return quote is not None and quote.standard_amount > Decimal(0)


def has_terms(deal: Deal, facts: DealFacts) -> bool:
    return facts.extra.get("quote") is not None


def has_chain(deal: Deal, facts: DealFacts) -> bool:
    """Whether the quote was submitted: its request is the approval chain."""
    return bool(facts.extra.get("approval_chain"))


def read_quote(deal: Deal, at: datetime) -> Quote | None:
    return primary_of(deal)


def read_chain(deal: Deal, at: datetime) -> bool:
    quote = primary_of(deal)
    return (
        quote is not None
        and ApprovalRequest.objects.filter(quote__in=family_of(quote))
        .exclude(status=ApprovalRequest.Status.RECALLED)
        .exists()
    )


def quote_address(deal: Deal) -> str:
    """Where the deal's quote is made or changed."""
    quote = primary_of(deal)
    return quote.get_absolute_url() if quote else f"{deal.get_absolute_url()}#quotes"


def item_of_quote(
    key: str, label: str, present: Callable[[Deal, DealFacts], bool], sentence: str
) -> ItemKind:
    """Something that the quote answers, and no column of the deal."""
    return ItemKind(key, label, present, sentence, fill_url=quote_address, reads=())


ITEMS = [
    item_of_quote("pricing", "Pricing", has_price, "Make a quote with its prices."),
    item_of_quote("terms", "Terms", has_terms, "Make a quote with its terms."),
    item_of_quote(
        "approval_chain",
        "Approval chain",
        has_chain,
        "Submit the quote: who must agree follows from its terms.",
    ),
    item_of_quote(
        "payment_terms",
        "Payment terms",
        has_terms,
        "Say when the customer pays, in the quote.",
    ),
]


def amount_lock(deal: Deal) -> str:
    """Why the amount of a deal is not typed; empty when it may be."""
    quote = primary_of(deal)
    if quote is None or not quote.lines.exists():
        return ""
    return f"The amount is the net of quote r{quote.revision}. Change the quote."


# What cards and other pages say


def waiting_for(request: ApprovalRequest) -> list[User]:
    """The people asked now who have not answered."""
    slots = ApprovalSlot.objects.open().filter(step__request=request)
    return [slot.person for slot in slots.select_related("person").order_by("requested_at", "pk")]


def names_of(people: Sequence[User]) -> str:
    names = list(dict.fromkeys(person.short_name for person in people))
    if len(names) > 3:
        return f"{', '.join(names[:2])} and {len(names) - 2} others"
    return listed(names) or "an answer"


def card_facts(deals: Sequence[int], at: datetime) -> Mapping[int, Sequence[CardFact]]:
    """What cards say of approvals: "waiting for Ana since Tuesday"; two queries for all of them."""
    people: dict[int, list[User]] = {}
    since: dict[int, datetime] = {}
    open_slots = (
        ApprovalSlot.objects.open()
        .filter(step__request__deal__in=Among(deals), step__request__status="pending")
        .select_related("person", "step__request")
        .only("requested_at", "person__name", "step__request__deal")
        .order_by("requested_at", "pk")
    )
    for slot in open_slots:
        deal = slot.step.request.deal_id
        people.setdefault(deal, []).append(slot.person)
        if slot.requested_at:
            since.setdefault(deal, slot.requested_at)
    return {
        deal: [
            CardFact(f"Waiting for {names_of(asked)} since {since_words(since[deal], at)}", "info")
        ]
        for deal, asked in people.items()
    }


def since_words(moment: datetime, at: datetime) -> str:
    """The day of a moment in the reader's zone."""
    day, today = timezone.localdate(moment), timezone.localdate(at)
    if day == today:
        return "today"
    return f"{day:%A}" if (today - day).days < 7 else f"{day:%-d %b}"


def held_slots(user: User) -> Q:
    """Deals on which this person holds or held a slot.

    Asked of each deal rather than collected first: who is asked much holds slots of thousands.
    """
    slots = ApprovalSlot.objects.filter(person=user, step__request__deal=OuterRef("pk"))
    return Q(Exists(slots))


def inbox_count(user: User) -> int:
    return ApprovalSlot.objects.waiting_on(user).count()


def inbox_address() -> str:
    return reverse("dealdesk:approval-inbox")
