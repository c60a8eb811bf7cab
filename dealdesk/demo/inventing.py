"""Inventing deals with their whole history: accounts, stages, quotes, approvals and the ledger.

A chunk of deals depends on nothing but the world and its own number, so that chunks can be
invented by several processes, in any order, and always come out the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from dealdesk.demo import words
from dealdesk.demo.cast import PRODUCTS
from dealdesk.demo.drafting import HEADS, OPEN, SEGMENTS, AccountFacts, DealDraft, Row, Visit
from dealdesk.demo.moving import Moving
from dealdesk.demo.names import COUNTRIES, TITLES, account_name, person_name
from dealdesk.demo.prepared import write_prepared
from dealdesk.demo.quoting import Quoting
from dealdesk.demo.world import (
    DAY,
    DEALS_IN_A_CHUNK,
    DEALS_OF_AN_ACCOUNT,
    HOUR,
    Seller,
    World,
)
from dealdesk.terms import segment_of
from pipeline.models import Move
from pipeline.searching import search_form

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


def talked_about(deal: int) -> str:
    """The main product of a deal before its first quote; of one in three nobody wrote it down."""
    return PRODUCTS[deal % 4].name if deal % 3 else ""


class Chunk(Quoting, Moving):
    """Some deals with everything about them."""

    def __init__(self, world: World, number: int, size: int) -> None:
        super().__init__(world, number)
        self.size = size

    def invent(self) -> Mapping[str, list[Row]]:
        size = self.size
        if self.number == 0:
            write_prepared(self, self.world.sellers[0])
            size = max(size - 2, 0)
        accounts = [self.account(n) for n in range(-(-size // DEALS_OF_AN_ACCOUNT))]
        for number in range(size):
            self.deal(accounts[number // DEALS_OF_AN_ACCOUNT])
        return self.rows

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
            stage = "closed-won" if status == "won" else "closed-lost"
            visits.append(Visit(stage, move, closed_at, None, note))
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

    def finish(self, draft: DealDraft) -> None:
        """The row of the deal itself, now that everything about it is known."""
        self.write_quotes(draft)
        self.closing_task(draft)
        self.standings(draft)
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
                facts.get("product") or talked_about(draft.id),
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
