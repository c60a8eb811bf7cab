"""The policy of a deal desk, frozen: which condition asks whom, and on what it is measured.

Everything here is data of one published version. Percentages are in percent (20 is 20 %), hours
are business hours, money is in company currency.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache

from dealdesk.canonical import ADDED, canonical_json, digest, from_json


class Role(StrEnum):
    """Who may be asked. The codes are those of the people's role grants."""

    SALES_MANAGER = "sales_manager"
    VP_SALES = "vp_sales"
    DEAL_DESK = "deal_desk"
    FINANCE = "finance"
    LEGAL = "legal"

    @property
    def label(self) -> str:
        return ROLE_LABELS[self]


ROLE_LABELS = {
    Role.SALES_MANAGER: "the sales manager",
    Role.VP_SALES: "the VP of sales",
    Role.DEAL_DESK: "the deal desk",
    Role.FINANCE: "finance",
    Role.LEGAL: "legal",
}


class Topic(StrEnum):
    """What a decision is about; each has a digest of its own."""

    PRICE = "price"
    COMMERCIAL = "commercial"
    LEGAL = "legal"


class Axis(StrEnum):
    PRICE = "price"
    TERMS = "terms"
    STRUCTURE = "structure"
    SIZE = "size"


class JudgedBasis(StrEnum):
    """What a discount is measured on."""

    BLENDED = "blended"
    WORST_LINE = "worst_line"
    WORST_YEAR = "worst_year"
    RECURRING = "recurring"
    ONE_OFF = "one_off"
    OFF_LIST = "off_list"


class SizeMode(StrEnum):
    REVIEW = "review"
    ALERT = "alert"
    OFF = "off"


class StepOrder(StrEnum):
    """In what order the steps of a request open.

    In waves price and deal desk come first; finance and legal follow, and may look meanwhile.
    """

    PARALLEL = "parallel"
    PRICE_FIRST = "price_first"
    WAVES = "waves"
    SEQUENCE = "sequence"


class StepMode(StrEnum):
    FIRST_RESPONSE = "first_response"
    UNANIMOUS = "unanimous"
    QUORUM = "quorum"
    PER_GROUP = "per_group"
    PERCENT = "percent"
    ALL_ANSWERED = "all_answered"


class StepUp(StrEnum):
    """What a role does to decide from a mail: open the link, retype the discount, sign in."""

    LINK = "link"
    RETYPE = "retype"
    SIGN_IN = "sign_in"


class SamePerson(StrEnum):
    """Whether a person who holds several steps of a request is asked each, or answers once."""

    ASKED = "asked"
    CARRIED = "carried"


class TermCategory(StrEnum):
    """Categories of the catalogue of non-standard terms."""

    PAYMENT = "payment"
    TERM = "term"
    PRICE = "price"
    LEGAL = "legal"
    SLA = "sla"
    SECURITY = "security"
    OTHER = "other"

    @property
    def topic(self) -> Topic:
        """The topic a term of this category belongs to."""
        if self is TermCategory.PRICE:
            return Topic.PRICE
        if self in (TermCategory.PAYMENT, TermCategory.TERM):
            return Topic.COMMERCIAL
        return Topic.LEGAL


@dataclass(frozen=True, slots=True)
class PriceBand:
    """Discounts from `lower` percent (inclusive) up to the next band's lower (exclusive).

    No roles means nobody is asked: the rep's own authority, written to the record.
    """

    lower: Decimal
    roles: tuple[Role, ...] = ()


@dataclass(frozen=True, slots=True)
class PriceTable:
    """Bands, and the bases that are held against them. At or above standard no band applies.

    `families` limits it to lines of these product families; empty means every line.
    """

    bases: tuple[JudgedBasis, ...]
    bands: tuple[PriceBand, ...]
    families: tuple[str, ...] = field(default=(), metadata=ADDED)


@dataclass(frozen=True, slots=True)
class Floor:
    """A hard floor: a discount of this percentage or more on this basis nobody can approve."""

    basis: JudgedBasis
    percent: Decimal


@dataclass(frozen=True, slots=True)
class Materiality:
    """From what size a line counts for *worst line*: a share of standard TCV, or an amount."""

    share_percent: Decimal = Decimal(5)
    amount: Decimal = Decimal(1000)


@dataclass(frozen=True, slots=True)
class CashTiming:
    """A standard of payment or billing. A higher rank is later cash, and only later fires."""

    label: str
    rank: int
    roles: tuple[Role, ...] = (Role.DEAL_DESK,)


class TimingKind(StrEnum):
    PAYMENT = "payment"
    BILLING = "billing"


@dataclass(frozen=True, slots=True)
class CashTimingFor:
    """Another standard of payment or billing for a segment, a region, or a segment in a region.

    "" is any segment or any region. The most specific one wins, a segment before a region.
    """

    kind: TimingKind
    segment: str
    region: str
    timing: CashTiming


@dataclass(frozen=True, slots=True)
class CategoryRule:
    """Who is asked about catalogue terms of one category."""

    category: TermCategory
    roles: tuple[Role, ...]


@dataclass(frozen=True, slots=True)
class TermsAxis:
    """Payment, billing, volume claims and catalogue terms.

    `adopted` lists catalogue keys that have become standard and ask nobody. With
    `owners_too` the owner roles of each catalogue term are asked besides its category's.
    `timings` are other standards of payment and billing, by segment and region.
    """

    payment: CashTiming
    billing: CashTiming
    volume_roles: tuple[Role, ...]
    categories: tuple[CategoryRule, ...]
    adopted: tuple[str, ...] = ()
    owners_too: bool = False
    timings: tuple[CashTimingFor, ...] = field(default=(), metadata=ADDED)


@dataclass(frozen=True, slots=True)
class EnterpriseWith:
    """Conditions of which one must hold before the enterprise segment asks anybody."""

    nonstandard_term: bool = True
    beyond_rep_authority: bool = True
    annual_value_above: Decimal | None = None


@dataclass(frozen=True, slots=True)
class StructureAxis:
    """Term length and segment. `unknown_as` is the segment an unknown one is judged as.

    `only_with` empty: an enterprise segment alone asks its roles.
    """

    standard_months: int = 12
    long_term_roles: tuple[Role, ...] = (Role.FINANCE, Role.LEGAL)
    custom_multiyear_roles: tuple[Role, ...] = (Role.DEAL_DESK,)
    enterprise_segments: tuple[str, ...] = ("enterprise", "strategic")
    enterprise_roles: tuple[Role, ...] = (Role.FINANCE, Role.LEGAL)
    unknown_as: str = "enterprise"
    only_with: EnterpriseWith | None = None


@dataclass(frozen=True, slots=True)
class SizeAxis:
    """Annual value strictly above the threshold (company currency) is reviewed, or announced."""

    mode: SizeMode = SizeMode.REVIEW
    threshold: Decimal = Decimal(25000)
    roles: tuple[Role, ...] = (Role.DEAL_DESK,)


@dataclass(frozen=True, slots=True)
class SegmentBand:
    """A segment starts at `from_heads` people and ends where the next one starts."""

    key: str
    label: str
    from_heads: int


@dataclass(frozen=True, slots=True)
class RoleRule:
    """How one role is asked: what it judges, how long it has, who stands in when nobody is left.

    `fallback` and `backup` are e-mail addresses of people: the one stands in when nobody is left,
    the other is added when the time is up. `needed` counts only in mode quorum, `percent` (of
    those asked, rounded up) only in mode percent.
    """

    role: Role
    topics: tuple[Topic, ...]
    hours: int
    mode: StepMode = StepMode.FIRST_RESPONSE
    needed: int = 1
    fallback: str = ""
    step_up: StepUp = field(default=StepUp.LINK, metadata=ADDED)
    backup: str = field(default="", metadata=ADDED)
    percent: int = field(default=0, metadata=ADDED)


@dataclass(frozen=True, slots=True)
class Policy:
    """One version of the rules that quotes are judged by.

    `segment_of_parent`: the head count that makes a segment is that of the ultimate parent.
    """

    version: str
    name: str
    prices: tuple[PriceTable, ...]
    terms: TermsAxis
    structure: StructureAxis
    size: SizeAxis
    segments: tuple[SegmentBand, ...]
    roles: tuple[RoleRule, ...]
    segment_of_parent: bool = False
    price_ladder: tuple[Role, ...] = (Role.SALES_MANAGER, Role.VP_SALES, Role.DEAL_DESK)
    ladder: bool = False
    order: StepOrder = StepOrder.PARALLEL
    groups: tuple[tuple[Role, ...], ...] = ((Role.FINANCE, Role.LEGAL),)
    one_veto: bool = True
    materiality: Materiality = Materiality()
    tolerance_percent: Decimal = Decimal(0)
    validity_days: int = 30
    pending_days: int = 30
    revoke_hours: int = 24
    floors: tuple[Floor, ...] = field(default=(), metadata=ADDED)
    same_person: SamePerson = field(default=SamePerson.ASKED, metadata=ADDED)

    def rule(self, role: Role) -> RoleRule:
        """How a role is asked; on every topic within 24 hours where the policy does not say."""
        for rule in self.roles:
            if rule.role is role:
                return rule
        return RoleRule(role, tuple(Topic), hours=24)

    def segment_for(self, head_count: int | None) -> str:
        """The segment of a head count; "unknown" without one."""
        found = "unknown"
        for band in self.segments:
            if head_count is not None and head_count >= band.from_heads:
                found = band.key
        return found


def policy_json(policy: Policy) -> str:
    return canonical_json(policy)


@lru_cache(maxsize=64)
def policy_from_json(text: str) -> Policy:
    """The policy of a text. Neither ever changes, and a list reads the same one row after row."""
    return from_json(Policy, text)


def policy_digest(policy: Policy) -> str:
    return digest(policy)


def billing_rank(months_ahead: int, *, in_arrears: bool = False) -> int:
    """Rank a billing frequency by when cash comes: all up front (0) first, arrears last."""
    if in_arrears:
        return 1000 + months_ahead
    return 1000 - months_ahead if months_ahead else 0


def policy_problems(policy: Policy) -> list[str]:
    """Return what makes a policy unfit to publish, a sentence each."""
    problems = []
    for table in policy.prices:
        lowers = [band.lower for band in table.bands]
        if lowers != sorted(set(lowers)):
            problems.append("Price bands must start at rising percentages, each only once.")
        if lowers and lowers[0] != 0:
            problems.append("The first price band must start at 0 %, or small discounts have none.")
        ranks = [price_authority(policy, band.roles) for band in table.bands]
        if ranks != sorted(ranks):
            problems.append("A larger discount must not need a lower authority.")
    ruled = {rule.role for rule in policy.roles}
    for role in sorted(asked_roles(policy) - ruled):
        problems.append(f"The policy asks {role.label} but does not say how.")
    for rule in policy.roles:
        if rule.mode is StepMode.QUORUM and rule.needed < 1:
            problems.append(f"A quorum of {rule.role.label} needs at least one yes.")
        if rule.mode is StepMode.PERCENT and not 1 <= rule.percent <= 100:
            problems.append(f"The share of {rule.role.label} that must agree is 1 to 100 %.")
    starts = [band.from_heads for band in policy.segments]
    if starts != sorted(set(starts)):
        problems.append("Segments must start at rising head counts.")
    return problems


def asked_roles(policy: Policy) -> set[Role]:
    """Every role that some condition of the policy can ask."""
    terms, structure = policy.terms, policy.structure
    lists: list[Iterable[Role]] = [band.roles for t in policy.prices for band in t.bands]
    lists += [terms.payment.roles, terms.billing.roles, terms.volume_roles]
    lists += [other.timing.roles for other in terms.timings]
    lists += [rule.roles for rule in terms.categories]
    lists += [structure.long_term_roles, structure.custom_multiyear_roles]
    lists += [structure.enterprise_roles]
    if policy.size.mode is SizeMode.REVIEW:
        lists.append(policy.size.roles)
    return {role for roles in lists for role in roles}


def price_authority(policy: Policy, roles: tuple[Role, ...]) -> int:
    """The rank of the highest of these roles on the price ladder; 0 for nobody."""
    ladder = policy.price_ladder
    return max((ladder.index(role) + 1 for role in roles if role in ladder), default=0)
