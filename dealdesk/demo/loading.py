"""Loading the demo company: an operation over many rows, all of them or none."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from multiprocessing import get_context
from random import Random
from zoneinfo import ZoneInfo

from django.contrib.auth.hashers import make_password
from django.db import connection, transaction

from dealdesk.demo import cast, offers, process
from dealdesk.demo.checklist import REPORT_TASK
from dealdesk.demo.forecasts import invent_forecasts
from dealdesk.demo.inventing import Chunk
from dealdesk.demo.names import FIRST, LAST
from dealdesk.demo.rows import analyze, checked_at_its_end, continue_sequences
from dealdesk.demo.showing import show_the_desk
from dealdesk.demo.tables import tables
from dealdesk.demo.world import DEALS_IN_A_CHUNK, STRIDE, Seller, World
from dealdesk.directory import directory_of
from dealdesk.inputs import policy_in_force
from dealdesk.models import (
    BillingFrequency,
    NonStandardTerm,
    PaymentTerms,
    Price,
    PriceList,
    Product,
    TermDiscount,
    VolumeTier,
)
from dealdesk.policy import Policy
from pipeline.defaults import NEW_BUSINESS
from pipeline.findings.folding import rebuild as count_findings
from pipeline.findings.keeping import recount_deals
from pipeline.models import Deal, Pipeline
from pipeline.rollups import rebuild_rollups
from pipeline.stages import process_of
from pipeline.standings import backfill_standings
from pipeline.tallies.folding import rebuild_within
from revops.company.models import Company, ExchangeRate
from revops.company.operations import apply_settings
from revops.ledger.operations import open_chains, record, seal_checkpoint
from revops.people import changes as people
from revops.people.actor import Actor
from revops.people.models import Role, Team, User
from revops.refusals import Refused
from revops.work.operations import add_task
from revops.worktime.arithmetic import add_business_time
from revops.worktime.calendars import calendar_of, company_calendar

FOUNDED = timedelta(days=1300)
DEALS_OF_A_REP = 1500
MOST_REPS = 60
WORTH_A_SECOND_PROCESS = 4 * DEALS_IN_A_CHUNK

Told = Callable[[int, int], None]


@dataclass(frozen=True)
class Loaded:
    """What there is now."""

    deals: int
    people: int
    rows: Mapping[str, int]


def load_demo(
    *,
    deals: int,
    seed: int,
    password: str,
    by: Actor,
    at: datetime,
    told: Told = lambda done, of: None,
) -> Loaded:
    """Fill an empty installation with the demo company, then seal its ledger.

    The same seed and moment give the same deals. `password` lets every person sign in; without
    one nobody can. Raises Refused when there are deals already, or another company was set up.
    """
    loaded = write_company(deals=deals, seed=seed, password=password, by=by, at=at, told=told)
    show_the_desk(at=at)
    count_findings(at=at)
    seal_checkpoint(at=at)
    if connection.vendor == "postgresql":
        analyze()
    return loaded


@transaction.atomic(durable=True)
def write_company(
    *, deals: int, seed: int, password: str, by: Actor, at: datetime, told: Told
) -> Loaded:
    check_is_empty()
    if deals < 2:
        raise Refused("The demo company has two deals at least.")
    founded = at - FOUNDED
    rng = Random(f"{seed}:company")
    set_up(by=by, at=founded)
    exchange_rates(rng, founded.date(), at.date())
    everybody = hire(reps_for(deals), rng, password, by=by, at=founded)
    price_list(by=by, at=founded)
    world = world_of(everybody, seed=seed, at=at)
    open_chains([])
    counts = dict.fromkeys(tables(), 0)
    done = 0
    for size, rows in invented(world, deals):
        for kind, count in rows.items():
            counts[kind] += count
        done += size
        told(done, deals)
    continue_sequences([table for table in tables().values() if "id" in table.columns])
    rebuild_rollups()
    recount_deals(Deal.objects.open(), at)
    backfill_standings()
    rebuild_within(at=at)
    invent_forecasts(Pipeline.objects.get(key=NEW_BUSINESS), seed=seed, by=by, at=at)
    ask_for_a_look(everybody, at=at)
    return Loaded(deals, len(everybody), counts)


def check_is_empty() -> None:
    """Raise Refused where the demo company would lie among somebody's own records."""
    if Deal.objects.exists():
        raise Refused(
            "There are deals in this database. The demo company goes into an empty one only.",
            code="not_empty",
        )
    company = Company.get()
    if company.set_up_at is not None and company.name != cast.COMPANY:
        raise Refused(
            f"This installation was set up for {company.name}. "
            "The demo company goes into an empty one only.",
            code="not_empty",
        )


# The company, its people and its prices


def set_up(*, by: Actor, at: datetime) -> None:
    apply_settings(
        {
            "name": cast.COMPANY,
            "zone": cast.ZONE,
            "currency": cast.CURRENCY,
            "preset": "as_in_the_sources",
            "set_up_at": at,
        },
        by=by,
        at=at,
    )


def exchange_rates(rng: Random, first: date, last: date) -> None:
    """A rate a month, each a little off the one that the price lists were made with."""
    ExchangeRate.objects.bulk_create(
        ExchangeRate(
            currency=currency,
            per_company_unit=Decimal(middle)
            * (Decimal(100) + rng.randint(-20, 20) / Decimal(10))
            / 100,
            valid_from=day,
            source="Invented",
        )
        for currency, middle in cast.RATES.items()
        for day in offers.rate_days(first, last)
    )


def reps_for(deals: int) -> int:
    """How many reps there are beyond the cast, so that nobody has thousands of deals."""
    return min(max(deals // DEALS_OF_A_REP - 8, 0), MOST_REPS)


def hire(more: int, rng: Random, password: str, *, by: Actor, at: datetime) -> dict[str, User]:
    """Add teams and people, line by line from the top; everybody may sign in."""
    teams = {
        facts.key: Team.objects.filter(key=facts.key).first()
        or people.add_team(key=facts.key, name=facts.name, region=facts.region, by=by, at=at)
        for facts in cast.TEAMS
    }
    hired: dict[str, User] = {}
    for facts in sorted(cast.CAST, key=lambda facts: rank(facts.roles)):
        manager = hired.get(cast.member(facts.manager).email) if facts.manager else None
        hired[facts.email] = people.add_person(
            email=facts.email,
            name=facts.name,
            manager=manager,
            team=teams.get(facts.team),
            roles=[role.value for role in facts.roles],
            zone=facts.zone if facts.zone != cast.ZONE else "",
            by=by,
            at=at,
        )
    managers = [facts for facts in cast.CAST if Role.SALES_MANAGER in facts.roles]
    while more:
        name = f"{rng.choice(FIRST)} {rng.choice(LAST)}"
        if cast.address(name) in hired:
            continue
        leader = managers[more % len(managers)]
        hired[cast.address(name)] = people.add_person(
            email=cast.address(name),
            name=name,
            manager=hired[leader.email],
            team=teams[leader.team],
            roles=[Role.REP.value],
            by=by,
            at=at,
        )
        more -= 1
    admit(hired, password, by=by, at=at)
    return hired


def rank(roles: tuple[Role, ...]) -> int:
    """Managers come before those who report to them."""
    order = (Role.VP_SALES, Role.SALES_MANAGER)
    return min((order.index(role) for role in roles if role in order), default=len(order))


def admit(hired: Mapping[str, User], password: str, *, by: Actor, at: datetime) -> None:
    """Let everybody sign in and be mailed; invitations would only fill the mailbox."""
    secret = make_password(password or None)
    for person in hired.values():
        person.admitted_at, person.admitted_by, person.password = at, by.user, secret
        person.version += 1
        record("person.admitted", person, by=by, at=at)
    User.objects.bulk_update(
        hired.values(), ["admitted_at", "admitted_by", "password", "version"], batch_size=100
    )


def price_list(*, by: Actor, at: datetime) -> None:
    """Products with a price in every currency, volume tiers and term discounts."""
    lists = [
        PriceList.objects.get_or_create(
            currency=currency, defaults={"name": f"Price list {currency}"}
        )[0]
        for currency in (cast.CURRENCY, *cast.RATES)
    ]
    for facts in cast.PRODUCTS:
        product = Product.objects.create(
            key=facts.key,
            name=facts.name,
            family=facts.family,
            kind=Product.Kind.RECURRING if facts.is_recurring else Product.Kind.ONE_OFF,
        )
        record("product.added", product, by=by, at=at, after={"key": facts.key, "name": facts.name})
        Price.objects.bulk_create(
            Price(
                price_list=listed,
                product=product,
                period=facts.period,
                amount=offers.list_price(facts.key, listed.currency),
            )
            for listed in lists
        )
        VolumeTier.objects.bulk_create(
            VolumeTier(product=product, from_quantity=low, discount_percent=Decimal(off))
            for low, off in facts.tiers
        )
    TermDiscount.objects.bulk_create(
        TermDiscount(from_months=months, discount_percent=Decimal(off))
        for months, off in cast.TERM_DISCOUNTS
    )


def ask_for_a_look(everybody: Mapping[str, User], *, at: datetime) -> None:
    """A task of the administrator's that is done when the exception report was opened."""
    noor = everybody[cast.member("Noor").email]
    add_task(
        kind=REPORT_TASK,
        about=Company.get(),
        title="Look through the exceptions of this quarter",
        assignee=noor,
        due_at=add_business_time(calendar_of(noor), at, timedelta(hours=24)),
        dedupe_key=REPORT_TASK,
        by=Actor.system(),
        at=at,
    )


# The world that deals are invented into


def world_of(everybody: Mapping[str, User], *, seed: int, at: datetime) -> World:
    version, policy = policy_in_force()
    company = Company.get()
    users = list(
        User.objects.filter(pk__in=[user.pk for user in everybody.values()]).order_by("pk")
    )
    return World(
        seed=seed,
        at=at,
        zone=ZoneInfo(company.zone),
        currency=company.currency,
        policy=policy,
        policy_id=version.pk,
        policy_number=version.number,
        policy_digest=version.digest,
        process=process_of(Pipeline.objects.get(key=NEW_BUSINESS)),
        sellers=tuple(sellers(everybody, users, policy)),
        calendars={user.pk: calendar_of(user) for user in users},
        office_hours=company_calendar(),
        service=tuple(user.pk for user in users if user.has_role(Role.CUSTOMER_SUCCESS)),
        products=dict(Product.objects.values_list("key", "pk")),
        payments=dict(PaymentTerms.objects.values_list("key", "pk")),
        billings=dict(BillingFrequency.objects.values_list("key", "pk")),
        catalogue=dict(NonStandardTerm.objects.values_list("key", "pk")),
        rates={currency: rates_of(currency) for currency in cast.RATES},
        first={kind: tables()[kind].last_id() + 1 for kind in STRIDE},
    )


def sellers(everybody: Mapping[str, User], users: list[User], policy: Policy) -> Iterator[Seller]:
    """The reps, Rita first, each with the people who can be asked about their deals."""
    start = everybody[cast.member(cast.START_HERE).email].pk
    reps = [user for user in users if user.has_role(Role.REP)]
    for rep in sorted(reps, key=lambda user: (user.pk != start, user.pk)):
        yield Seller(rep.pk, rep.manager_id, rep.team_id, directory_of(rep, policy))


def rates_of(currency: str) -> tuple[tuple[date, Decimal], ...]:
    rates = ExchangeRate.objects.filter(currency=currency).order_by("valid_from")
    return tuple(rates.values_list("valid_from", "per_company_unit"))


# Chunks of deals, invented here or by other processes


def invented(world: World, deals: int) -> Iterator[tuple[int, dict[str, int]]]:
    """Invent and write every chunk in order; yield its deals and its rows."""
    sizes = [min(DEALS_IN_A_CHUNK, deals - start) for start in range(0, deals, DEALS_IN_A_CHUNK)]
    if connection.vendor == "postgresql" and deals >= WORTH_A_SECOND_PROCESS:
        for number, (counts, texts) in enumerate(from_processes(world, sizes)):
            with checked_at_its_end():
                for kind, text in texts.items():
                    tables()[kind].copy(text)
            yield sizes[number], counts
        return
    for number, size in enumerate(sizes):
        rows = Chunk(world, number, size).invent()
        with checked_at_its_end():
            for kind, table in tables().items():
                table.insert(rows.get(kind, []))
        yield size, {kind: len(found) for kind, found in rows.items()}


def from_processes(world: World, sizes: list[int]) -> Iterator[process.Written]:
    """Let other processes invent while this one hands rows to the database."""
    workers = min(4, os.cpu_count() or 1)
    with ProcessPoolExecutor(
        workers,
        mp_context=get_context("spawn"),
        initializer=process.start,
        initargs=(pickle.dumps(world),),
    ) as pool:
        waiting: list[Future[process.Written]] = []
        for number, size in enumerate(sizes):
            waiting.append(pool.submit(process.chunk_text, number, size))
            if len(waiting) > workers + 1:
                yield waiting.pop(0).result()
        for future in waiting:
            yield future.result()
