"""Policies and terms at random: the evaluator is total, right, and never asks less for worse."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from dealdesk.ladder import Rung
from dealdesk.policy import (
    CashTiming,
    CashTimingFor,
    CategoryRule,
    EnterpriseWith,
    Floor,
    JudgedBasis,
    Policy,
    PriceBand,
    PriceTable,
    Role,
    RoleRule,
    SegmentBand,
    SizeAxis,
    SizeMode,
    StepMode,
    StepOrder,
    StructureAxis,
    TermCategory,
    TermsAxis,
    TimingKind,
    Topic,
    policy_from_json,
    policy_json,
    price_authority,
)
from dealdesk.policylint import lint
from dealdesk.pricing import Ask, LineInput, Period, PeriodInput, QuoteInput, Typed, price_quote
from dealdesk.routing import evaluate, route_from_plain, route_plain
from dealdesk.terms import (
    Billing,
    CompanyMoney,
    NonStandardTerm,
    PaymentTerms,
    Segment,
    SegmentSource,
    freeze,
    from_canonical,
)
from dealdesk.terms import canonical as terms_json
from tests.dealdesk import reference

SALES = (Role.SALES_MANAGER, Role.VP_SALES)
SEGMENTS = ("smb", "mid_market", "enterprise")
FAMILIES = ("Platform", "Services")
REGIONS = ("", "EMEA", "Asia")


@dataclass(frozen=True)
class Line:
    key: str
    standard: Decimal
    percent: Decimal
    family: str = ""
    once: bool = False

    @property
    def net(self) -> Decimal:
        return self.standard * (100 - self.percent) / 100


@dataclass(frozen=True)
class Wish:
    key: str
    category: str
    rung: str = "free"
    rung_roles: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    is_paper: bool = False


@dataclass(frozen=True)
class Facts:
    """What a quote is judged by, of twelve months or more at one price each year."""

    lines: tuple[Line, ...]
    months: int = 12
    segment: str = "smb"
    region: str = ""
    payment: int = 30
    billing: int = 988
    wishes: tuple[Wish, ...] = ()
    redlines: tuple[str, ...] = ()


def terms_of(facts: Facts):
    lines = tuple(
        LineInput(
            key=line.key,
            product=line.key,
            name=line.key,
            list_price=line.standard,
            periods=(PeriodInput(Decimal(1), Ask(typed=Typed.PERCENT, value=line.percent)),),
            period=Period.ONCE if line.once else Period.YEAR,
            family=line.family,
        )
        for line in facts.lines
    )
    return freeze(
        # The term counts by its length alone: a quote of one contract year is priced.
        replace(price_quote(QuoteInput("EUR", lines, 12)), term_months=facts.months),
        payment=PaymentTerms("p", "p", facts.payment),
        billing=Billing("b", "b", facts.billing),
        segment=Segment(facts.segment, SegmentSource.HEAD_COUNT),
        company=CompanyMoney("EUR"),
        nonstandard=tuple(
            NonStandardTerm(
                wish.key,
                wish.key,
                TermCategory(wish.category),
                owner_roles=tuple(Role(role) for role in wish.owners),
                rung=Rung(wish.rung),
                rung_roles=tuple(Role(role) for role in wish.rung_roles),
                is_paper=wish.is_paper,
            )
            for wish in facts.wishes
        ),
        region=facts.region,
        redlines=facts.redlines,
    )


# What is drawn

percents = st.sampled_from(
    [Decimal(p) for p in ("0", "5", "10", "12.5", "19.99", "20", "40", "100")]
)
edges = st.lists(
    st.sampled_from([Decimal(p) for p in (5, 10, 20, 30, 40)]), unique=True, max_size=4
).map(sorted)
roles = st.lists(st.sampled_from(list(Role)), unique=True, max_size=2).map(tuple)
some_roles = st.lists(st.sampled_from(list(Role)), unique=True, min_size=1, max_size=2).map(tuple)
bases = st.lists(st.sampled_from(list(JudgedBasis)), unique=True, min_size=1, max_size=3).map(tuple)


@st.composite
def tables(draw):
    starts = [Decimal(0), *draw(edges)]
    bands = tuple(PriceBand(start, draw(roles)) for start in starts)
    families = draw(st.sampled_from([(), (), ("Platform",)]))
    return PriceTable(draw(bases), bands, families)


timings = st.lists(
    st.builds(
        CashTimingFor,
        kind=st.sampled_from(list(TimingKind)),
        segment=st.sampled_from(["", *SEGMENTS]),
        region=st.sampled_from(REGIONS),
        timing=st.builds(
            CashTiming, label=st.just("x"), rank=st.sampled_from([15, 45, 990]), roles=roles
        ),
    ).filter(lambda row: row.segment or row.region),
    max_size=3,
    unique_by=lambda row: (row.kind, row.segment, row.region),
).map(tuple)


@st.composite
def policies(draw):
    return Policy(
        version="v",
        name="At random",
        prices=tuple(draw(st.lists(tables(), min_size=1, max_size=2))),
        terms=TermsAxis(
            payment=CashTiming("net 30", 30, draw(roles)),
            billing=CashTiming("annual", 988, draw(roles)),
            volume_roles=draw(roles),
            categories=tuple(CategoryRule(c, draw(roles)) for c in TermCategory),
            adopted=draw(st.sampled_from([(), ("t-sla",)])),
            owners_too=draw(st.booleans()),
            timings=draw(timings),
        ),
        structure=StructureAxis(
            long_term_roles=draw(roles),
            custom_multiyear_roles=draw(roles),
            enterprise_segments=draw(st.sampled_from([(), ("enterprise",)])),
            enterprise_roles=draw(roles),
            only_with=draw(
                st.sampled_from(
                    [None, EnterpriseWith(), EnterpriseWith(False, True, Decimal(9000))]
                )
            ),
        ),
        size=SizeAxis(draw(st.sampled_from(list(SizeMode))), Decimal(10000), draw(some_roles)),
        segments=tuple(SegmentBand(key, key, 10 * n + 1) for n, key in enumerate(SEGMENTS)),
        roles=tuple(
            RoleRule(role, tuple(Topic), 8, mode=draw(st.sampled_from(list(StepMode))), percent=50)
            for role in Role
        ),
        ladder=draw(st.booleans()),
        order=draw(st.sampled_from(list(StepOrder))),
        groups=draw(st.sampled_from([(), ((Role.FINANCE, Role.LEGAL),)])),
        floors=draw(
            st.lists(
                st.builds(
                    Floor, st.sampled_from(list(JudgedBasis)), st.sampled_from([Decimal(40)])
                ),
                max_size=1,
            ).map(tuple)
        ),
    )


lines = st.lists(
    st.builds(
        Line,
        key=st.uuids().map(str),
        standard=st.sampled_from([Decimal(p) for p in (100, 900, 4000, 9000)]),
        percent=percents,
        family=st.sampled_from(["", *FAMILIES]),
        once=st.booleans(),
    ),
    min_size=1,
    max_size=3,
).map(tuple)

wishes = st.lists(
    st.builds(
        Wish,
        key=st.sampled_from(["t-sla", "t-cap"]),
        category=st.sampled_from(["sla", "legal"]),
        rung=st.sampled_from(["free", "free", "standard", "fallback", "prohibited"]),
        rung_roles=st.sampled_from([(), ("legal",)]),
        owners=st.sampled_from([(), ("finance",)]),
        is_paper=st.booleans(),
    ),
    max_size=2,
    unique_by=lambda wish: wish.key,
).map(tuple)

quotes = st.builds(
    Facts,
    lines=lines,
    months=st.sampled_from([12, 13, 36]),
    segment=st.sampled_from([*SEGMENTS, "unknown"]),
    region=st.sampled_from(REGIONS),
    payment=st.sampled_from([0, 30, 45, 90]),
    billing=st.sampled_from([0, 988, 991, 1001]),
    wishes=wishes,
    redlines=st.sampled_from([(), ("a" * 64,)]),
)


# What holds


@settings(max_examples=40, deadline=None)
@given(policies(), quotes)
def test_the_evaluator_agrees_with_a_slow_reference(policy, facts):
    route = evaluate(policy, terms_of(facts))

    wanted = reference.answer(policy, facts)

    assert bool(route.problems) == wanted.refused
    waves = {group.role.value: step.wave for step in route.steps for group in step.groups}
    assert waves == wanted.waves


@settings(max_examples=25, deadline=None)
@given(policies(), quotes)
def test_the_evaluator_is_total_and_its_route_reads_back(policy, facts):
    terms = terms_of(facts)

    route = evaluate(policy, terms)

    assert route_from_plain(route_plain(route)) == route
    assert (
        evaluate(policy_from_json(policy_json(policy)), from_canonical(terms_json(terms))) == route
    )
    asked = [group.role for step in route.steps for group in step.groups]
    assert len(asked) == len(set(asked))


@settings(max_examples=15, deadline=None)
@given(policies())
def test_the_linter_is_total_and_says_each_thing_once(policy):
    found = [one.key for one in lint(policy)]

    assert len(found) == len(set(found))


worsening = st.sampled_from(
    ["discount", "payment", "billing", "months", "wish", "redline", "amount"]
)


def worse(facts: Facts, how: str, by: int) -> Facts:
    """The facts with one thing worse for us."""
    if how == "discount":
        first = facts.lines[0]
        deeper = min(first.percent + by, Decimal(100))
        return replace(facts, lines=(replace(first, percent=deeper), *facts.lines[1:]))
    if how == "wish":
        added = Wish("t-new", "legal", owners=("finance",))
        return replace(facts, wishes=(*facts.wishes, added))
    if how == "redline":
        return replace(facts, redlines=(*facts.redlines, "b" * 64))
    changes = {"payment": by, "billing": by, "months": by, "amount": 0}[how]
    return replace(facts, **{how: getattr(facts, how) + changes}) if changes else facts


def clean(policy: Policy) -> Policy:
    """A policy that lints clean of errors: bands that only ever add to the ones below."""
    ladder = [(), (Role.SALES_MANAGER,), (Role.VP_SALES,), (Role.VP_SALES, Role.DEAL_DESK)]
    bands = tuple(
        PriceBand(Decimal(start), asked)
        for start, asked in zip((0, 10, 20, 40), ladder, strict=True)
    )
    base = replace(
        policy,
        prices=(PriceTable((JudgedBasis.BLENDED, JudgedBasis.WORST_LINE), bands),),
        floors=(),
        terms=replace(
            policy.terms,
            payment=replace(policy.terms.payment, roles=(Role.DEAL_DESK,)),
            billing=replace(policy.terms.billing, roles=(Role.DEAL_DESK,)),
            volume_roles=(Role.DEAL_DESK,),
            owners_too=True,
            timings=tuple(
                replace(row, timing=replace(row.timing, roles=(Role.FINANCE,)))
                for row in policy.terms.timings
            ),
        ),
    )
    return base


@settings(max_examples=40, deadline=None)
@given(policies(), quotes, worsening, st.integers(1, 60))
def test_worse_terms_never_ask_less_under_a_policy_that_lints_clean(policy, facts, how, by):
    policy = clean(policy)
    assert not [one for one in lint(policy) if one.is_error]
    if any(wish.rung == "prohibited" for wish in facts.wishes):
        return

    before = evaluate(policy, terms_of(facts))
    after = evaluate(policy, terms_of(worse(facts, how, by)))

    assert authority(policy, after) >= authority(policy, before)
    # A manager is let off only by the VP, who is asked in their place.
    dropped = before.roles - after.roles
    assert dropped <= {Role.SALES_MANAGER}
    assert not dropped or Role.VP_SALES in after.roles


def authority(policy, route) -> int:
    return max(
        (
            price_authority(policy, tried.roles)
            for tried in route.reasons
            if tried.axis.value == "price"
        ),
        default=0,
    )
