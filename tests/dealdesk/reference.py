"""The rules once more, written from their description and slowly: who is asked for given facts.

Nothing here is shared with the evaluator: it prices lines by hand, walks every rule of the policy
and returns the roles with the wave each is asked in. Property tests hold the two against each
other. Percentages and money are ratios; nothing is rounded.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class Answer:
    """Nobody can approve (`refused`), or who is asked: role → wave, in the order they open."""

    refused: bool
    waves: dict[str, int]

    @property
    def roles(self) -> set[str]:
        return set(self.waves)


def answer(policy, facts) -> Answer:
    """Who must agree to these facts under this policy."""
    if beyond_a_floor(policy, facts) or any(wish.rung == "prohibited" for wish in facts.wishes):
        return Answer(True, {})
    price = price_roles(policy, facts)
    terms = terms_roles(policy, facts)
    others = terms + structure_roles(policy, facts, bool(terms)) + size_roles(policy, facts)
    return Answer(False, opened(policy, price, others))


# Money


def standard_of(lines) -> Fraction:
    return sum((Fraction(line.standard) for line in lines), Fraction(0))


def net_of(lines) -> Fraction:
    return sum((Fraction(line.net) for line in lines), Fraction(0))


def percent_off(lines) -> Fraction | None:
    lines = list(lines)
    whole = standard_of(lines)
    return (whole - net_of(lines)) * 100 / whole if whole else None


def measured(policy, facts, basis, families=()) -> Fraction | None:
    """The discount on one basis; None where nothing is measured on it."""
    lines = [line for line in facts.lines if not families or line.family in families]
    if basis in ("blended", "worst_year"):  # one contract year: the year is the whole
        return percent_off(lines)
    if basis == "recurring":
        return percent_off(line for line in lines if not line.once)
    if basis == "one_off":
        return percent_off(line for line in lines if line.once)
    if basis == "worst_line":
        least = min(
            standard_of(facts.lines) * Fraction(policy.materiality.share_percent) / 100,
            Fraction(policy.materiality.amount),
        )
        large = [line for line in lines if line.standard >= least and line.standard > 0]
        return max((percent_off([line]) for line in large), default=None)
    return percent_off(lines)  # off list: the facts have no published discounts


def beyond_a_floor(policy, facts) -> bool:
    for floor in policy.floors:
        percent = measured(policy, facts, floor.basis.value)
        if percent is not None and percent > 0 and percent >= Fraction(floor.percent):
            return True
    return False


# Price


def price_roles(policy, facts) -> list[str]:
    """The roles of the bands reached; with highest only, a lower rung of the ladder is let off."""
    reached = []
    for table in policy.prices:
        for basis in table.bases:
            percent = measured(policy, facts, basis.value, table.families)
            if percent is None or percent <= 0:
                continue
            below = [band for band in table.bands if Fraction(band.lower) <= percent]
            if below:
                reached.append(below)
    asked: list[str] = []
    top = max((rung(policy, below[-1].roles) for below in reached), default=0)
    for below in reached:
        own = rung(policy, below[-1].roles)
        if 0 < own < top:
            continue
        for band in below if policy.ladder else below[-1:]:
            asked += [role.value for role in band.roles]
    return asked


def rung(policy, roles) -> int:
    ladder = [role.value for role in policy.price_ladder]
    return max((ladder.index(role.value) + 1 for role in roles if role.value in ladder), default=0)


def any_discount(policy, facts) -> bool:
    """Whether some judged basis, the total off list apart, is below standard."""
    found = [
        measured(policy, facts, basis.value, table.families)
        for table in policy.prices
        for basis in table.bases
        if basis.value != "off_list"
    ]
    return any(percent is not None and percent > 0 for percent in found)


def beyond_rep(policy, facts) -> bool:
    for table in policy.prices:
        for basis in table.bases:
            percent = measured(policy, facts, basis.value, table.families)
            below = [b for b in table.bands if percent and Fraction(b.lower) <= percent > 0]
            if below and below[-1].roles:
                return True
    return False


# The other axes


def segment_of(policy, facts) -> str:
    known = [band.key for band in policy.segments]
    return facts.segment if facts.segment in known else policy.structure.unknown_as


def timing(policy, facts, kind):
    """Segment in region, then segment, then region, then the general standard."""
    segment = segment_of(policy, facts)
    for wanted in ((segment, facts.region), (segment, ""), ("", facts.region)):
        if wanted == ("", ""):
            continue
        for row in policy.terms.timings:
            if row.kind.value == kind and (row.segment, row.region) == wanted:
                return row.timing
    return policy.terms.payment if kind == "payment" else policy.terms.billing


def terms_roles(policy, facts) -> list[str]:
    asked: list[str] = []
    for kind, rank in (("payment", facts.payment), ("billing", facts.billing)):
        standard = timing(policy, facts, kind)
        if rank > standard.rank:
            asked += [role.value for role in standard.roles]
    for wish in facts.wishes:
        asked += wish_roles(policy, wish)
    return asked + (["legal"] if facts.redlines else [])


def wish_roles(policy, wish) -> list[str]:
    if wish.rung == "standard":
        return []
    if wish.rung == "fallback":
        asked = list(wish.rung_roles)
    elif wish.key in policy.terms.adopted:
        asked = []
    else:
        asked = [
            role.value
            for rule in policy.terms.categories
            if rule.category.value == wish.category
            for role in rule.roles
        ]
        asked += list(wish.owners) if policy.terms.owners_too else []
    return asked + (["legal"] if wish.is_paper else [])


def structure_roles(policy, facts, nonstandard: bool) -> list[str]:
    rules, asked = policy.structure, []
    if facts.months > rules.standard_months:
        asked += [role.value for role in rules.long_term_roles]
        if any_discount(policy, facts):
            asked += [role.value for role in rules.custom_multiyear_roles]
    if segment_of(policy, facts) in rules.enterprise_segments:
        needs, value = rules.only_with, net_of(facts.lines)
        beside = needs is None or (
            (needs.nonstandard_term and nonstandard)
            or (needs.beyond_rep_authority and beyond_rep(policy, facts))
            or (needs.annual_value_above is not None and value > Fraction(needs.annual_value_above))
        )
        if beside:
            asked += [role.value for role in rules.enterprise_roles]
    return asked


def size_roles(policy, facts) -> list[str]:
    rules = policy.size
    if rules.mode.value == "review" and net_of(facts.lines) > Fraction(rules.threshold):
        return [role.value for role in rules.roles]
    return []


# Waves

NAMES = ("sales_manager", "vp_sales", "deal_desk", "finance", "legal")


def opened(policy, price: list[str], others: list[str]) -> dict[str, int]:
    """When each role is asked; roles of one group in the latest wave of any of them."""
    asked = sorted({*price, *others}, key=NAMES.index)
    ladder = [role.value for role in policy.price_ladder if role.value in price]
    order = policy.order.value
    wave = dict.fromkeys(asked, 1)
    if order == "sequence":
        line = ladder + [role for role in asked if role not in ladder]
        wave = {role: place for place, role in enumerate(line, 1)}
    else:
        if policy.ladder:
            wave |= {role: place for place, role in enumerate(ladder, 1)}
        first = set(ladder)
        if order == "waves":
            first |= {"deal_desk"} & set(asked)
        if order in ("price_first", "waves") and first:
            after = max(wave[role] for role in first) + 1
            wave |= {role: after for role in asked if role not in first}
    for group in policy.groups:
        together = [role.value for role in group if role.value in wave]
        latest = max((wave[role] for role in together), default=0)
        wave |= dict.fromkeys(together, latest)
    if order in ("waves", "sequence"):
        places = {old: new for new, old in enumerate(sorted(set(wave.values())), 1)}
        wave = {role: places[old] for role, old in wave.items()}
    return wave
