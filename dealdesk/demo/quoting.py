"""The quotes of invented deals: estimates, proposals, and better offers after a refusal."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache

from dealdesk.demo import offers
from dealdesk.demo.asking import write_request
from dealdesk.demo.drafting import SEGMENTS, DealDraft, QuoteDraft, Scribe, Visit
from dealdesk.demo.offers import Judge, Offer
from dealdesk.demo.world import (
    DAY,
    HOUR,
    World,
)
from dealdesk.policy import Policy
from revops.ledger.chain import Subject


@lru_cache(maxsize=4)
def judge_of(policy: Policy) -> Judge:
    """One judge for all chunks of a process: what it has judged once it knows."""
    return Judge(policy)


@lru_cache(maxsize=16)
def shapes_of(segment: str, seed: int) -> list[Offer]:
    return offers.shapes(segment, seed)


class Quoting(Scribe):
    """Makes the quotes of deals and has them judged."""

    def __init__(self, world: World, number: int) -> None:
        super().__init__(world, number)
        self.judge = judge_of(world.policy)
        self.shapes = {key: shapes_of(key, world.seed) for key in SEGMENTS}

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
            write_request(self, draft, quote, self.between(start, end, 0.25), "approved", end)
            return
        first = self.new_quote(draft, offer, self.between(start, end, 0.1), estimate, False)
        middle = start + (end - start) * 0.5
        write_request(self, draft, first, self.between(start, end, 0.2), "rejected", middle)
        second = self.new_quote(draft, better, middle + HOUR, first, True)
        write_request(self, draft, second, middle + 2 * HOUR, "approved", end)

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
            write_request(self, draft, quote, max(asked, made + HOUR / 6), "pending", at)
        else:
            write_request(self, draft, quote, self.between(made, at, 0.25), wish, at)

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
        write_request(self, draft, quote, self.between(start, end, 0.3), wish, end)

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
            if quote.is_primary:
                most = max(price.lines, key=lambda line: line.net_amount)
                draft.facts["product"] = offers.product(most.product).name
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
