"""Inventing deals with their whole history: accounts, stages, quotes, approvals and the ledger.

A chunk of deals depends on nothing but the world and its own number, so that chunks can be
invented by several processes, in any order, and always come out the same.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from hashlib import sha256
from random import Random
from typing import Any

from dealdesk.demo import offers, words
from dealdesk.demo.names import COUNTRIES, TITLES, account_name, person_name
from dealdesk.demo.offers import Judge, Offer
from dealdesk.demo.world import (
    DAY,
    DEALS_IN_A_CHUNK,
    DEALS_OF_AN_ACCOUNT,
    HOUR,
    STRIDE,
    Seller,
    World,
)
from dealdesk.policy import Policy
from dealdesk.terms import Segment, segment_of
from pipeline.models import Move
from pipeline.operations.close_dates import crosses_month, crosses_quarter
from pipeline.searching import search_form
from revops.canonical import canonical_json, jsonable
from revops.ledger.chain import GENESIS, Subject, commitment, entry_hash, entry_payload
from revops.worktime.arithmetic import add_business_time

Row = tuple[Any, ...]

OPEN = ("qualified", "discovery", "demo", "proposal", "negotiation")
WON, LOST = "closed-won", "closed-lost"

# Where deals are, and from where they were lost. Four stage visits each on average.
FATES: tuple[tuple[str, str, int], ...] = (
    ("open", "qualified", 70),
    ("open", "discovery", 75),
    ("open", "demo", 75),
    ("open", "proposal", 70),
    ("open", "negotiation", 50),
    ("won", "negotiation", 160),
    ("lost", "qualified", 60),
    ("lost", "discovery", 110),
    ("lost", "demo", 130),
    ("lost", "proposal", 160),
    ("lost", "negotiation", 40),
)
DAYS_IN = {"qualified": 7, "discovery": 12, "demo": 16, "proposal": 12, "negotiation": 14}
TWO_YEARS = 730

HEADS = {
    "smb": (8, 50),
    "mid_market": (51, 500),
    "enterprise": (501, 5000),
    "strategic": (5001, 42_000),
}
SEGMENTS = tuple(HEADS)

VERBS = {
    Move.ADVANCE: "deal.advanced",
    Move.SKIP: "deal.skipped",
    Move.SEND_BACK: "deal.sent_back",
    Move.WIN: "deal.won",
    Move.LOSE: "deal.lost",
}


class Numbers:
    """Hands out the numbers that were set aside for one chunk."""

    def __init__(self, world: World, chunk: int) -> None:
        self._next = {kind: world.first_of(kind, chunk) for kind in STRIDE}
        self._end = {kind: world.first_of(kind, chunk + 1) for kind in STRIDE}

    def take(self, kind: str) -> int:
        number = self._next[kind]
        if number >= self._end[kind]:
            raise OverflowError(f"A chunk of deals needs more than its {STRIDE[kind]} {kind}s.")
        self._next[kind] = number + 1
        return number


@dataclass
class AccountFacts:
    id: int
    name: str
    segment: Segment
    seller: Seller
    contacts: list[int]
    created_at: datetime


@dataclass
class Visit:
    """One stay in a stage while the deal's history is being written."""

    stage: str
    move: Move
    entered_at: datetime
    left_at: datetime | None = None
    reason: str = ""
    skipped: tuple[str, ...] = ()


@dataclass
class DealDraft:
    """A deal while it is being invented; its row is written last."""

    id: int
    name: str
    account: AccountFacts
    seller: Seller
    status: str
    reach: str
    visits: list[Visit]
    created_at: datetime
    closed_at: datetime | None = None
    source: str = ""
    external_id: str = ""
    amount: Decimal | None = None
    currency: str = ""
    close_date: date | None = None
    push_count: int = 0
    buyer_acted_at: datetime | None = None
    version: int = 1
    attempt: int = 0
    revision: int = 0
    facts: dict[str, Any] = field(default_factory=dict)
    declared: list[str] = field(default_factory=list)

    def visit(self, stage: str) -> Visit | None:
        """The last stay in a stage."""
        return next((visit for visit in reversed(self.visits) if visit.stage == stage), None)


@dataclass
class QuoteDraft:
    id: int
    offer: Offer
    revision: int
    based_on: int | None
    created_at: datetime
    is_primary: bool = False
    submitted_at: datetime | None = None


@lru_cache(maxsize=4)
def judge_of(policy: Policy) -> Judge:
    """One judge for all chunks of a process: what it has judged once it knows."""
    return Judge(policy)


@lru_cache(maxsize=16)
def shapes_of(segment: str, seed: int) -> list[Offer]:
    return offers.shapes(segment, seed)


def spelled_facts(
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
    why: str,
    related: Sequence[Subject],
    personal: Mapping[str, str] | None,
) -> str:
    """The same text as the ledger's own `facts_json`, in a fifth of the time.

    A million entries are spelled; a test holds this against the other.
    """
    facts: dict[str, Any] = {}
    if before:
        facts["before"] = before
    if after:
        facts["after"] = after
    if why:
        facts["why"] = why
    if related:
        facts["related"] = sorted(related)
    if personal:
        facts["personal"] = personal
    return _SPELL(facts)


_SPELL = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=jsonable
).encode


class Chunk:
    """The rows of some deals with everything about them."""

    def __init__(self, world: World, number: int, size: int) -> None:
        self.world, self.number, self.size = world, number, size
        self.rng = Random(f"{world.seed}:deals:{number}")
        self.numbers = Numbers(world, number)
        self.rows: dict[str, list[Row]] = defaultdict(list)
        self.heads: dict[Subject, tuple[int, str]] = {}
        self.judge = judge_of(world.policy)
        self.shapes = {key: shapes_of(key, world.seed) for key in SEGMENTS}
        self.rules = world.process.by_key

    def invent(self) -> Mapping[str, list[Row]]:
        from dealdesk.demo.prepared import write_prepared

        size = self.size
        if self.number == 0:
            write_prepared(self, self.world.sellers[0])
            size = max(size - 2, 0)
        accounts = [self.account(n) for n in range(-(-size // DEALS_OF_AN_ACCOUNT))]
        for number in range(size):
            self.deal(accounts[number // DEALS_OF_AN_ACCOUNT])
        return self.rows

    # The ledger

    def record(
        self,
        verb: str,
        subject: Subject,
        *,
        at: datetime,
        by: int | None,
        via: str = "web",
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
        why: str = "",
        related: Sequence[Subject] = (),
        personal: Mapping[str, Any] | None = None,
    ) -> None:
        """Add an entry to the chain of `subject`, spelled and hashed as the ledger does it."""
        number = self.numbers.take("entry")
        sequence, previous = self.heads.get(subject, (0, GENESIS))
        committed = self.commit(number, subject, personal) if personal else None
        facts = spelled_facts(before, after, why, related, committed)
        payload = entry_payload(
            subject=subject,
            sequence=sequence + 1,
            verb=verb,
            actor_id=by,
            on_behalf_of_id=None,
            via=via,
            at=at,
            facts=facts,
        )
        hash = entry_hash(previous, payload)
        self.heads[subject] = (sequence + 1, hash)
        kind, pk = subject
        self.rows["entry"].append(
            (number, kind, pk, sequence + 1, verb, by, via, at, facts, previous, hash)
        )
        for other_kind, other in related:
            self.rows["relation"].append((number, other_kind, other))

    def commit(self, entry: int, subject: Subject, personal: Mapping[str, Any]) -> dict[str, str]:
        """Commit to personal values; the salt of an invented person need not be secret."""
        committed = {}
        for name, value in personal.items():
            text = canonical_json(value)
            salt = sha256(f"{self.world.seed}:{entry}:{name}".encode()).hexdigest()
            committed[name] = commitment(salt, text)
            self.rows["personal"].append((entry, *subject, name, salt, text))
        return committed

    # Time

    def office(self, moment: datetime, not_before: datetime | None = None) -> datetime:
        """A moment near the one given at which people are at work, in the past."""
        rng = self.rng
        weekday = moment.weekday()
        if weekday > 4:
            moment += timedelta(days=7 - weekday)
        moment = moment.replace(hour=rng.randint(8, 15), minute=rng.randrange(60), second=0)
        moment = moment.replace(microsecond=0)
        if not_before is not None and moment <= not_before:
            moment = not_before + timedelta(minutes=rng.randint(15, 90))
        return moment

    def between(self, start: datetime, end: datetime, share: float) -> datetime:
        """A moment at work, strictly between two others."""
        moment = self.office(start + (end - start) * share)
        if not start < moment < end:
            moment = (start + (end - start) * share).replace(microsecond=0)
        return moment

    # Accounts

    def account(self, number: int) -> AccountFacts:
        world, rng = self.world, self.rng
        place = self.number * (DEALS_IN_A_CHUNK // DEALS_OF_AN_ACCOUNT + 1) + number
        name, domain, industry = account_name(place)
        seller = world.sellers[place % len(world.sellers)]
        key = rng.choices(SEGMENTS, (45, 36, 15, 4))[0]
        low, high = HEADS[key]
        heads = round(low * (high / low) ** rng.random())
        return self.new_account(name, domain, industry, heads, seller)

    def new_account(
        self, name: str, domain: str, industry: str, heads: int, seller: Seller
    ) -> AccountFacts:
        world, rng = self.world, self.rng
        pk = self.numbers.take("account")
        created = self.office(world.at - timedelta(days=TWO_YEARS * 1.6 + rng.randrange(60)))
        country = rng.choice(COUNTRIES)
        revenue = Decimal(heads * rng.randint(90, 260) * 1000)
        facts = {
            "name": name,
            "domain": domain,
            "industry": industry,
            "country": country,
            "employees": heads,
            "revenue_amount": revenue,
            "revenue_currency": world.currency,
            "founded_year": rng.randint(1890, 2018),
            "owner": seller.id,
        }
        self.rows["account"].append(
            (pk, *facts.values(), created, search_form(name, domain)),
        )
        subject = ("account", pk)
        self.record("account.created", subject, at=created, by=seller.id, after=facts)
        contacts = [self.contact(pk, domain, created, seller, position) for position in range(2)]
        segment = segment_of(world.policy, heads)
        return AccountFacts(pk, name, segment, seller, contacts, created)

    def contact(
        self, account: int, domain: str, created: datetime, seller: Seller, position: int
    ) -> int:
        pk = self.numbers.take("contact")
        name = person_name(self.rng)
        title = TITLES[(account + position * 5) % len(TITLES)]
        address = f"{search_form(name).replace(' ', '.')}@{domain}"
        phone = f"+49 30 5550 {self.rng.randrange(10_000):04d}" if position else ""
        self.rows["contact"].append((pk, account, name, title, address, phone, created))
        personal = {"name": name, "title": title, "email": address}
        if phone:
            personal["phone"] = phone
        self.record(
            "contact.created",
            ("contact", pk),
            at=created,
            by=seller.id,
            related=[("account", account)],
            personal=personal,
        )
        return pk

    # Deals

    def deal(self, account: AccountFacts) -> None:
        rng, world = self.rng, self.world
        status, reach, _ = rng.choices(FATES, [fate[2] for fate in FATES])[0]
        seller = account.seller if rng.random() < 0.85 else rng.choice(world.sellers)
        visits, closed_at = self.history(status, reach)
        draft = DealDraft(
            id=self.numbers.take("deal"),
            name=f"{account.name} · {rng.choice(words.OCCASIONS)}",
            account=account,
            seller=seller,
            status=status,
            reach=reach,
            visits=visits,
            created_at=visits[0].entered_at,
            closed_at=closed_at,
        )
        self.write_deal(draft)

    def write_deal(self, draft: DealDraft) -> None:
        """Write everything about one deal whose visits are known."""
        self.fill_in(draft)
        self.begin(draft)
        self.quotes(draft)
        self.moves(draft)
        self.people(draft)
        self.activities(draft)
        self.pushes(draft)
        self.finish(draft)

    def history(self, status: str, reach: str) -> tuple[list[Visit], datetime | None]:
        """The stays of a deal in its stages, from its beginning to today or to its end."""
        rng, world = self.rng, self.world
        path = self.path(reach)
        days = [self.days_in(stage) for stage, _, _, _ in path]
        closed_at = None
        if status == "open":
            age = min(rng.expovariate(1 / (DAYS_IN[reach] * 0.9)), 90.0) + 0.3
            if reach == "proposal":
                age = min(age + 4, 60)
            last = world.at - timedelta(days=age)
            start = last - timedelta(days=sum(days[:-1]))
        else:
            end = world.at - timedelta(days=1.5 + TWO_YEARS * rng.random() ** 1.2)
            start = end - timedelta(days=sum(days))
        visits: list[Visit] = []
        moment = start
        for (stage, move, reason, skipped), length in zip(path, days, strict=True):
            earlier = visits[-1].entered_at if visits else None
            entered = min(self.office(moment, earlier), world.at - timedelta(hours=3))
            if earlier is not None and entered <= earlier:
                entered = earlier + timedelta(minutes=20)
            if visits:
                visits[-1].left_at = entered
            visits.append(Visit(stage, move, entered, None, reason, skipped))
            moment += timedelta(days=length)
        if status != "open":
            closed_at = min(self.office(moment, visits[-1].entered_at), world.at - HOUR)
            visits[-1].left_at = closed_at
            move = Move.WIN if status == "won" else Move.LOSE
            note = ""
            visits.append(Visit(WON if status == "won" else LOST, move, closed_at, None, note))
        return visits, closed_at

    def days_in(self, stage: str) -> float:
        low = 5.0 if stage == "proposal" else 1.0
        return max(low, self.rng.lognormvariate(0, 0.55) * DAYS_IN[stage])

    def path(self, reach: str) -> list[tuple[str, Move, str, tuple[str, ...]]]:
        """The open stages a deal goes through: now and then one is skipped, or taken twice."""
        rng = self.rng
        last = OPEN.index(reach)
        path: list[tuple[str, Move, str, tuple[str, ...]]] = [(OPEN[0], Move.CREATE, "", ())]
        at = 0
        while at < last:
            # What Proposal asks is approved terms, and nobody lets that be skipped.
            if at + 2 <= min(last, 3) and rng.random() < 0.05:
                skipped = (OPEN[at + 1],)
                path.append((OPEN[at + 2], Move.SKIP, rng.choice(words.SKIP_REASONS), skipped))
                at += 2
                continue
            at += 1
            path.append((OPEN[at], Move.ADVANCE, "", ()))
            if at == 2 and rng.random() < 0.06:
                path.append((OPEN[1], Move.SEND_BACK, rng.choice(words.BACK_REASONS), ()))
                path.append((OPEN[2], Move.ADVANCE, "", ()))
        return path

    def begin(self, draft: DealDraft) -> None:
        """The expected close date of the first day, and the ledger's first entry."""
        rng, world = self.rng, self.world
        span = timedelta(days=rng.randint(40, 150))
        if draft.closed_at is None:
            day = max(world.day(draft.created_at + span), world.today + DAY * rng.randint(2, 75))
            if rng.random() < 0.07 and draft.created_at < world.at - 20 * DAY:
                day = world.today - DAY * rng.randint(1, 12)
            draft.close_date = day
        else:
            draft.close_date = world.day(draft.closed_at) + DAY * rng.randint(-6, 12)
        draft.facts["first_close_date"] = draft.close_date
        draft.currency = world.currency
        if not draft.external_id and rng.random() < 0.75:
            draft.amount = Decimal(rng.randint(4, 60) * 500)

    def fill_in(self, draft: DealDraft) -> None:
        """What the passed stages asked, and half of what the present one asks."""
        rng = self.rng
        passed = {visit.stage for visit in draft.visits if visit.left_at is not None}
        skipped = {key for visit in draft.visits for key in visit.skipped}
        if draft.status == "won":
            passed |= skipped
        else:
            passed -= skipped - {v.stage for v in draft.visits if v.left_at is not None}
        if draft.status == "lost":
            passed.discard(draft.reach)
        facts = draft.facts
        facts["deal_source"] = rng.choice(
            ("inbound", "inbound", "outbound", "referral", "partner", "event", "website")
        )

        def has(stage: str) -> bool:
            return stage in passed or (stage == draft.visits[-1].stage and rng.random() < 0.5)

        if has("qualified") or draft.reach != "qualified":
            facts["fit_score"] = rng.randint(35, 98)
        if has("discovery"):
            facts["pain_points"] = rng.choice(words.PAINS)
            facts["current_solution"] = rng.choice(words.TODAY)
            facts["timeline"] = rng.choice(words.BY_WHEN)
        if has("demo"):
            if rng.random() < 0.12:
                draft.declared.append("technical_requirements")
            else:
                facts["technical_requirements"] = rng.choice(words.TECHNOLOGY)
            facts["decision_maker"] = True
        if has("proposal"):
            facts["stakeholder_map"] = rng.choice(words.STAKEHOLDERS)
        if has("negotiation"):
            if rng.random() < 0.4:
                draft.declared.append("redlines")
            else:
                facts["redlines"] = rng.choice(words.REDLINES)
        if draft.status == "open":
            if rng.random() < 0.85:
                facts["next_step"] = rng.choice(words.NEXT_STEPS)
                facts["next_step_date"] = self.world.today + DAY * rng.randint(-2, 14)
        elif draft.status == "won":
            facts["contract_reference"] = f"Contracts/{draft.closed_at:%Y}/{draft.id}"
        else:
            reason = rng.choices(
                ("price", "competitor", "no_decision", "no_budget", "timing", "missing_feature"),
                (20, 22, 28, 12, 12, 6),
            )[0]
            facts["loss_reason"] = reason
            if reason == "competitor" or rng.random() < 0.25:
                facts["competitor"] = rng.choice(words.COMPETITORS)
            else:
                draft.declared.append("competitor")

    # Quotes and requests

    def quotes(self, draft: DealDraft) -> None:
        """The quotes of a deal: drafts before the proposal, judged ones from there on."""
        rng = self.rng
        proposal = draft.visit("proposal")
        offer = rng.choice(self.shapes[draft.account.segment.key])
        if proposal is None:
            chances = {"qualified": 0.0, "discovery": 0.7, "demo": 1.0}
            if rng.random() < chances[draft.reach]:
                stay = draft.visits[-1 if draft.status == "open" else -2]
                end = stay.left_at or self.world.at
                self.new_quote(draft, offer, self.between(stay.entered_at, end, 0.5), None, True)
            return
        left = proposal.left_at or self.world.at
        estimate = self.estimate(draft, offer, proposal)
        if draft.status == "won" or draft.reach == "negotiation":
            self.approved_way(draft, offer, proposal.entered_at, left, estimate)
        elif draft.status == "open":
            self.open_proposal(draft, offer, proposal.entered_at, estimate)
        else:
            self.lost_proposal(draft, offer, proposal.entered_at, left, estimate)

    def estimate(self, draft: DealDraft, offer: Offer, proposal: Visit) -> QuoteDraft | None:
        """Sometimes there was a first estimate, before the proposal was written."""
        earlier = draft.visits[draft.visits.index(proposal) - 1]
        if self.rng.random() > 0.32:
            return None
        moment = self.between(earlier.entered_at, proposal.entered_at, 0.7)
        return self.new_quote(draft, offers.at_standard(offer), moment, None, False)

    def approved_way(
        self,
        draft: DealDraft,
        offer: Offer,
        start: datetime,
        end: datetime,
        estimate: QuoteDraft | None,
    ) -> None:
        """To approved terms: at once, or after a no and a better offer."""
        rng = self.rng
        better = offers.bettered(offer)
        if self.is_automatic(draft, offer, start) or better == offer or rng.random() > 0.2:
            quote = self.new_quote(draft, offer, self.between(start, end, 0.1), estimate, True)
            self.request(draft, quote, self.between(start, end, 0.25), "approved", end)
            return
        first = self.new_quote(draft, offer, self.between(start, end, 0.1), estimate, False)
        middle = start + (end - start) * 0.5
        self.request(draft, first, self.between(start, end, 0.2), "rejected", middle)
        second = self.new_quote(draft, better, middle + HOUR, first, True)
        self.request(draft, second, middle + 2 * HOUR, "approved", end)

    def open_proposal(
        self, draft: DealDraft, offer: Offer, start: datetime, estimate: QuoteDraft | None
    ) -> None:
        """An open proposal: being written, waiting for an answer, refused, or approved."""
        rng, at = self.rng, self.world.at
        wish = rng.choices(("draft", "pending", "rejected", "approved"), (25, 50, 12, 13))[0]
        if wish == "draft":
            self.new_quote(draft, offer, self.between(start, at, 0.4), estimate, True)
            return
        if self.is_automatic(draft, offer, at):
            wish = "approved"
        made = self.between(start, at, 0.1)
        quote = self.new_quote(draft, offer, made, estimate, True)
        if wish == "pending":
            asked = max(self.office(at - DAY * rng.uniform(0.4, 4.5)), made + HOUR / 4)
            asked = min(asked, at - HOUR * 2)
            self.request(draft, quote, max(asked, made + HOUR / 6), "pending", at)
        else:
            self.request(draft, quote, self.between(made, at, 0.25), wish, at)

    def lost_proposal(
        self,
        draft: DealDraft,
        offer: Offer,
        start: datetime,
        end: datetime,
        estimate: QuoteDraft | None,
    ) -> None:
        wish = self.rng.choices(("draft", "rejected", "approved", "recalled"), (62, 19, 14, 5))[0]
        made = self.between(start, end, 0.1)
        quote = self.new_quote(draft, offer, made, estimate, True)
        if wish == "draft":
            return
        if self.is_automatic(draft, offer, start):
            wish = "approved"
        self.request(draft, quote, self.between(start, end, 0.3), wish, end)

    def is_automatic(self, draft: DealDraft, offer: Offer, at: datetime) -> bool:
        money = self.world.money(offer.currency, self.world.day(at))
        return self.judge.judged(offer, draft.account.segment, money).route.automatic

    def new_quote(
        self,
        draft: DealDraft,
        offer: Offer,
        at: datetime,
        based_on: QuoteDraft | None,
        is_primary: bool,
        revision: int | None = None,
    ) -> QuoteDraft:
        """Write a quote with its lines; the primary one gives the deal its amount."""
        draft.revision += 1
        quote = QuoteDraft(
            id=self.numbers.take("quote"),
            offer=offer,
            revision=revision or draft.revision,
            based_on=based_on.id if based_on else None,
            created_at=at,
            is_primary=is_primary,
        )
        price = offers.priced(offer)
        subject = ("quote", quote.id)
        related: list[Subject] = [("deal", draft.id)]
        if based_on:
            related.append(("quote", based_on.id))
        percent = offers.shown_percent(offer)
        after = {
            "revision": quote.revision,
            "kind": "new",
            "currency": offer.currency,
            "priced_on": self.world.day(at),
            "term_months": offer.months,
            "payment_terms": offer.payment,
            "billing": offer.billing,
            "standard": price.standard_amount,
            "net": price.net_amount,
            "discount_percent": percent,
            "based_on": quote.based_on,
        }
        verb = "quote.revised" if based_on else "quote.created"
        self.record(verb, subject, at=at, by=draft.seller.id, after=after, related=related)
        self.quote_lines(quote)
        self.rows["edit"].append(
            (quote.id, at, draft.seller.id, [] if based_on else ["commercial", "legal", "price"])
        )
        if is_primary:
            draft.amount, draft.currency = price.net_amount, offer.currency
            if based_on:
                self.record(
                    "quote.made_primary",
                    subject,
                    at=at + timedelta(minutes=5),
                    by=draft.seller.id,
                    before={"quote": quote.based_on},
                    after={"quote": quote.id, "net": price.net_amount, "lost": []},
                    related=related,
                )
        draft.facts.setdefault("quotes", []).append(quote)
        return quote

    def quote_lines(self, quote: QuoteDraft) -> None:
        offer = quote.offer
        for position, line in enumerate(offer.lines, 1):
            sold = offers.product(line.product)
            self.rows["line"].append(
                (
                    self.numbers.take("line"),
                    quote.id,
                    position,
                    self.world.products[line.product],
                    sold.period,
                    offers.list_price(line.product, offer.currency),
                    offers.tier_percent(line.product, line.quantity),
                    offers.term_percent(line.product, offer.months),
                    line.quantity,
                    line.kind,
                    line.typed,
                    line.value,
                )
            )
        if offer.free_months:
            self.rows["concession"].append((quote.id, "free_months", offer.free_months))
        for key in offer.terms:
            _, value, text = offers.WISHES[key]
            self.rows["quote_term"].append((quote.id, self.world.catalogue[key], value, text))

    def write_quotes(self, draft: DealDraft) -> None:
        for quote in draft.facts.get("quotes", ()):
            offer = quote.offer
            price = offers.priced(offer)
            self.rows["quote"].append(
                (
                    quote.id,
                    draft.id,
                    quote.revision,
                    quote.based_on,
                    quote.is_primary,
                    offer.currency,
                    self.world.day(quote.created_at),
                    offer.months,
                    self.world.payments[offer.payment],
                    self.world.billings[offer.billing],
                    price.list_amount,
                    price.standard_amount,
                    price.net_amount,
                    price.acv_amount,
                    offers.shown_percent(offer),
                    "submitted" if quote.submitted_at else "draft",
                    quote.created_at,
                    draft.seller.id,
                    quote.submitted_at,
                )
            )

    def request(
        self, draft: DealDraft, quote: QuoteDraft, at: datetime, wish: str, until: datetime
    ) -> None:
        from dealdesk.demo.asking import write_request

        write_request(self, draft, quote, at, wish, until)

    # What the pipeline keeps

    def moves(self, draft: DealDraft) -> None:
        """Visits, ticks, debts and the entries of every move."""
        facts, by = draft.facts, draft.seller.id
        subject = ("deal", draft.id)
        stage_ids = {key: rule.stage_id for key, rule in self.rules.items()}
        after = {
            "name": draft.name,
            "account": draft.account.id,
            "owner": by,
            "amount": None,
            "currency": self.world.currency,
            "close_date": facts["first_close_date"],
            "origin": "app",
            "stage": draft.visits[0].stage,
        }
        self.record(
            "deal.created",
            subject,
            at=draft.created_at,
            by=by,
            after=after,
            related=[("account", draft.account.id)],
        )
        previous = None
        for visit in draft.visits:
            self.rows["visit"].append(
                (
                    draft.id,
                    stage_ids[visit.stage],
                    self.world.process.version_id,
                    visit.move.value,
                    visit.reason,
                    list(visit.skipped),
                    visit.entered_at,
                    by,
                    visit.left_at,
                )
            )
            if previous is not None:
                self.move(draft, previous, visit)
            previous = visit
        draft.version += len(draft.visits) - 1

    def move(self, draft: DealDraft, previous: Visit, visit: Visit) -> None:
        by, at = draft.seller.id, visit.entered_at
        asked = visit.move in (Move.ADVANCE, Move.SKIP, Move.WIN)
        if asked:
            keys = [previous.stage]
            if visit.move is Move.WIN:
                keys += [key for other in draft.visits for key in other.skipped]
            self.ticks(draft, keys, at)
        owed = self.debts(draft, visit) if visit.move is Move.SKIP else []
        status = {Move.WIN: "won", Move.LOSE: "lost"}.get(visit.move, "open")
        after: dict[str, Any] = {"stage": visit.stage, "status": status}
        if visit.skipped:
            after["skipped"] = visit.skipped
        if owed:
            after["owed"] = owed
        if status != "open":
            after["closed_on"] = self.world.day(at)
            after["loss_reason"] = draft.facts.get("loss_reason", "")
        self.record(
            VERBS[visit.move],
            ("deal", draft.id),
            at=at,
            by=by,
            before={"stage": previous.stage},
            after=after,
            why=visit.reason,
        )

    def ticks(self, draft: DealDraft, stages: Iterable[str], at: datetime) -> None:
        """The criteria of the stages left, confirmed just before; each stands once."""
        ticked: set[tuple[str, str]] = draft.facts.setdefault("ticked", set())
        moment = at - timedelta(minutes=2)
        for key in stages:
            rule = self.rules[key]
            for criterion in rule.criteria:
                if (key, criterion.key) not in ticked:
                    ticked.add((key, criterion.key))
                    self.rows["tick"].append(
                        (draft.id, rule.stage_id, criterion.key, moment, draft.seller.id)
                    )

    def debts(self, draft: DealDraft, visit: Visit) -> list[str]:
        """What a skipped stage asks is owed until the deal is won."""
        owed = []
        ticked = draft.facts.setdefault("ticked", set())
        paid = (
            draft.closed_at - timedelta(minutes=2)
            if draft.status == "won" and draft.closed_at
            else None
        )
        for stage in visit.skipped:
            rule = self.rules[stage]
            asks = [(item.key, item.label, False, item.none_allowed) for item in rule.items]
            asks += [
                (criterion.key, criterion.label, True, False)
                for criterion in rule.criteria
                if (stage, criterion.key) not in ticked
            ]
            for key, label, is_criterion, none_allowed in asks:
                owed.append(key)
                self.rows["debt"].append(
                    (
                        draft.id,
                        rule.stage_id,
                        key,
                        label,
                        is_criterion,
                        none_allowed,
                        visit.reason,
                        visit.entered_at,
                        draft.seller.id,
                        paid,
                        draft.seller.id if paid else None,
                    )
                )
        return owed

    def people(self, draft: DealDraft) -> None:
        """Who of the account takes part."""
        first, second = draft.account.contacts
        roles = [("champion", first)]
        if draft.facts.pop("decision_maker", False):
            roles.append(("decision_maker", second))
        for role, contact in roles:
            self.rows["deal_contact"].append((draft.id, contact, role))
        for item in draft.declared:
            self.rows["declared"].append(
                (draft.id, item, draft.closed_at or self.world.at - DAY, draft.seller.id)
            )

    def activities(self, draft: DealDraft) -> None:
        """What happened with the buyer, so that the last word is somewhere in the last stay."""
        rng = self.rng
        end = draft.closed_at or self.world.at - timedelta(hours=4)
        span = end - draft.created_at
        for _ in range(rng.randint(1, 3)):
            kind, side = rng.choice(list(words.ACTIVITIES))
            moment = draft.created_at + span * rng.random()
            moment = min(self.office(moment, draft.created_at), end)
            self.activity(draft, kind, side, rng.choice(words.ACTIVITIES[kind, side]), moment)

    def activity(self, draft: DealDraft, kind: str, side: str, body: str, moment: datetime) -> None:
        pk = self.numbers.take("activity")
        self.rows["activity"].append(
            (pk, draft.id, kind, side, moment, body, draft.seller.id, moment)
        )
        if side == "buyer" and (not draft.buyer_acted_at or moment > draft.buyer_acted_at):
            draft.buyer_acted_at = moment
        after = {"activity": pk, "kind": kind, "side": side, "happened_at": moment}
        subject = ("deal", draft.id)
        self.record("deal.activity_logged", subject, at=moment, by=draft.seller.id, after=after)

    def pushes(self, draft: DealDraft) -> None:
        """Close dates that moved later: each a row, back from the date that holds now."""
        rng = self.rng
        if draft.reach in OPEN[:2] or rng.random() > 0.4 or draft.close_date is None:
            return
        end = draft.closed_at or self.world.at - HOUR
        steps = [rng.randint(7, 40) for _ in range(rng.choices((1, 2, 3), (62, 28, 10))[0])]
        day = draft.close_date - DAY * sum(steps)
        for number, step in enumerate(steps):
            share = (number + 1) / (len(steps) + 1)
            moment = self.between(draft.created_at, end, share)
            to = day + DAY * step
            reason = rng.choice(
                ("buyer_timing", "budget", "decision_maker", "legal_review", "procurement")
            )
            note = rng.choice(words.PUSH_NOTES) if number or crosses_month(day, to) else ""
            self.rows["push"].append(
                (
                    draft.id,
                    day,
                    to,
                    reason,
                    note,
                    crosses_month(day, to),
                    crosses_quarter(day, to),
                    moment,
                    draft.seller.id,
                )
            )
            self.record(
                "deal.close_date_pushed",
                ("deal", draft.id),
                at=moment,
                by=draft.seller.id,
                before={"close_date": day, "push_count": number},
                after={"close_date": to, "push_count": number + 1},
                why=f"{reason}: {note}" if note else reason,
            )
            day = to
        draft.push_count = len(steps)
        draft.version += len(steps)

    def closing_task(self, draft: DealDraft) -> None:
        """What a late win or loss left to do: the hand-off, or the post-mortem."""
        world, closed_at = self.world, draft.closed_at
        if closed_at is None or world.at - closed_at > 20 * DAY:
            return
        pk, subject = self.numbers.take("task"), ("deal", draft.id)
        is_won = draft.status == "won"
        kind = "cs_handoff" if is_won else "post_mortem"
        title = f"Take over {draft.name} from sales" if is_won else f"Post-mortem of {draft.name}"
        assignee = world.service[0] if is_won else draft.seller.id
        hours = timedelta(hours=16 if is_won else 40)
        due = add_business_time(world.calendars[assignee], closed_at, hours)
        done_at = self.between(closed_at, due, 0.8) if due < world.at else None
        state, result = ("done", "Done.") if done_at else ("open", "")
        self.rows["task"].append(
            (
                pk,
                kind,
                *subject,
                title,
                assignee,
                due,
                kind,
                state,
                result,
                closed_at,
                draft.seller.id,
                done_at,
                assignee if done_at else None,
            )
        )
        after = {"kind": kind, "title": title, "assignee": assignee, "due_at": due}
        self.record(
            "task.opened",
            ("task", pk),
            at=closed_at,
            by=draft.seller.id,
            after=after,
            related=[subject],
        )
        if done_at:
            self.record(
                "task.done",
                ("task", pk),
                at=done_at,
                by=assignee,
                after={"result": result},
                related=[subject],
            )

    def finish(self, draft: DealDraft) -> None:
        """The row of the deal itself, now that everything about it is known."""
        self.write_quotes(draft)
        self.closing_task(draft)
        facts, last = draft.facts, draft.visits[-1]
        is_closed = draft.closed_at is not None
        self.rows["deal"].append(
            (
                draft.id,
                draft.version,
                draft.name,
                draft.account.id,
                self.world.process.pipeline_id,
                self.rules[last.stage].stage_id,
                draft.status,
                draft.seller.id,
                draft.amount,
                draft.currency,
                draft.close_date,
                self.world.day(draft.closed_at) if draft.closed_at else None,
                self.world.day(draft.created_at),
                last.entered_at,
                draft.buyer_acted_at,
                draft.push_count,
                facts.get("deal_source", ""),
                facts.get("fit_score"),
                facts.get("pain_points", ""),
                facts.get("current_solution", ""),
                facts.get("timeline", ""),
                facts.get("technical_requirements", ""),
                facts.get("stakeholder_map", ""),
                facts.get("redlines", ""),
                facts.get("contract_reference", ""),
                facts.get("next_step", ""),
                facts.get("next_step_date"),
                facts.get("loss_reason", ""),
                facts.get("competitor", ""),
                draft.seller.id if is_closed else None,
                draft.seller.team_id if is_closed else None,
                draft.account.segment.key if is_closed else "",
                draft.source,
                draft.external_id,
                draft.created_at,
                search_form(draft.name, draft.account.name),
            )
        )
