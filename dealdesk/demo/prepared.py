"""The two deals that wait for a newcomer: one to take to the end, and its twin."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from dealdesk.demo.asking import write_request
from dealdesk.demo.drafting import AccountFacts, DealDraft, Visit
from dealdesk.demo.offers import Offer, OfferLine
from dealdesk.demo.world import DAY, Seller
from pipeline.models import Move

if TYPE_CHECKING:
    from dealdesk.demo.inventing import Chunk

SOURCE = "demo"
FIRST, TWIN = "first-five-minutes", "twin"
HEADS = 320


def write_prepared(chunk: Chunk, seller: Seller) -> None:
    """Write both deals of `seller`; they are found again by source and external id."""
    write_first(chunk, seller)
    write_twin(chunk, seller)


def working_days_ago(chunk: Chunk, days: int, clock: str = "10:00") -> datetime:
    """A moment so many working days before today, where the company is."""
    day = chunk.world.today
    while days or day.weekday() > 4:
        day -= DAY
        days -= day.weekday() < 5 and days > 0
    moment = datetime.combine(day, time.fromisoformat(clock), chunk.world.zone)
    return moment.astimezone(chunk.world.at.tzinfo)


def seats(quantity: int, percent: int = 0) -> Offer:
    """So many seats for a year on standard terms, at a percentage off."""
    typed, value = ("percent", Decimal(percent)) if percent else ("nothing", None)
    return Offer((OfferLine("plan", Decimal(quantity), "discretionary", typed, value),))


def write_first(chunk: Chunk, seller: Seller) -> None:
    """A deal that lacks exactly two things of its stage, with a quote at standard price."""
    account = known_account(chunk, "Alderbeck Foods", "alderbeck-foods.example", seller)
    began = [working_days_ago(chunk, days) for days in (16, 11, 4)]
    deal = new_deal(
        chunk,
        f"{account.name} · Plan rollout",
        FIRST,
        account,
        [
            Visit("qualified", Move.CREATE, began[0], began[1]),
            Visit("discovery", Move.ADVANCE, began[1], began[2]),
            Visit("demo", Move.ADVANCE, began[2]),
        ],
    )
    deal.facts |= {
        "fit_score": 86,
        "pain_points": "Crews plan on paper; every third order is done twice or not at all.",
        "current_solution": "Spreadsheets, and a white board in each hall.",
        "timeline": "Before the summer shutdown, when every line is serviced.",
        "stakeholder_map": (
            "The plant manager wants it; IT is neutral until the security review; "
            "the finance director signs."
        ),
        "decision_maker": True,
        "next_step": "Take the proposal to the plant manager",
        "next_step_date": chunk.world.today + 3 * DAY,
    }
    chunk.new_quote(deal, seats(55), working_days_ago(chunk, 3), None, True)
    chunk.moves(deal)
    tick(chunk, deal, "demo", "positive_evaluation", working_days_ago(chunk, 2, "15:30"))
    chunk.people(deal)
    said = (
        ("meeting", "buyer", "They showed us both halls: forty crews, three shifts.", 10),
        ("meeting", "us", "Demo with twelve people. The planners want it.", 4),
        ("mail", "buyer", "The trial went well; they ask what 55 seats cost.", 2),
    )
    for kind, side, body, days in said:
        chunk.activity(deal, kind, side, body, working_days_ago(chunk, days, "14:00"))
    chunk.finish(deal)


def write_twin(chunk: Chunk, seller: Seller) -> None:
    """A deal that stands on approved terms, and a draft beside them that gives away more."""
    account = known_account(chunk, "Cedarford Plastics", "cedarford-plastics.example", seller)
    moments = [working_days_ago(chunk, days) for days in (30, 24, 15, 8, 2)]
    stages = ("qualified", "discovery", "demo", "proposal", "negotiation")
    visits = [
        Visit(
            stage,
            Move.ADVANCE if number else Move.CREATE,
            moments[number],
            moments[number + 1] if number + 1 < len(moments) else None,
        )
        for number, stage in enumerate(stages)
    ]
    deal = new_deal(chunk, f"{account.name} · Plan rollout", TWIN, account, visits)
    deal.facts |= {
        "fit_score": 78,
        "pain_points": "Two systems disagree on which machine was serviced when.",
        "current_solution": "A module of the ERP that only planners can use.",
        "timeline": "In the new budget year.",
        "technical_requirements": "Single sign-on, and orders exchanged with the ERP at night.",
        "stakeholder_map": "Operations and IT agree; purchasing asks for a better price.",
        "decision_maker": True,
        "next_step": "Answer purchasing on the price",
        "next_step_date": chunk.world.today + 2 * DAY,
    }
    approved = chunk.new_quote(deal, seats(40, 22), working_days_ago(chunk, 7), None, True)
    write_request(
        chunk,
        deal,
        approved,
        working_days_ago(chunk, 4, "11:10"),
        "approved",
        working_days_ago(chunk, 3, "16:00"),
    )
    chunk.new_quote(deal, seats(40, 30), working_days_ago(chunk, 1, "16:40"), approved, False)
    chunk.moves(deal)
    chunk.people(deal)
    said = (
        ("call", "us", "Went through the open questions of purchasing.", 6),
        ("mail", "buyer", "Purchasing asks for 30 % instead of 22 %.", 1),
    )
    for kind, side, body, days in said:
        chunk.activity(deal, kind, side, body, working_days_ago(chunk, days, "14:00"))
    chunk.finish(deal)


def known_account(chunk: Chunk, name: str, domain: str, seller: Seller) -> AccountFacts:
    industry = "Food and drink" if "Foods" in name else "Manufacturing"
    return chunk.new_account(name, domain, industry, HEADS, seller)


def new_deal(
    chunk: Chunk, name: str, external_id: str, account: AccountFacts, visits: list[Visit]
) -> DealDraft:
    deal = DealDraft(
        id=chunk.numbers.take("deal"),
        name=name,
        account=account,
        seller=account.seller,
        status="open",
        reach=visits[-1].stage,
        visits=visits,
        created_at=visits[0].entered_at,
        source=SOURCE,
        external_id=external_id,
        currency=chunk.world.currency,
        close_date=(chunk.world.at + timedelta(days=40)).date(),
    )
    deal.facts |= {"deal_source": "inbound", "first_close_date": deal.close_date}
    return deal


def tick(chunk: Chunk, deal: DealDraft, stage: str, key: str, at: datetime) -> None:
    chunk.rows["tick"].append((deal.id, chunk.rules[stage].stage_id, key, at, deal.seller.id))
