"""The two policies that ship: what the sources say, and what we would advise."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from dealdesk.policy import (
    CashTiming,
    CategoryRule,
    EnterpriseWith,
    JudgedBasis,
    Policy,
    PriceBand,
    PriceTable,
    Role,
    RoleRule,
    SegmentBand,
    SizeAxis,
    SizeMode,
    StructureAxis,
    TermCategory,
    TermsAxis,
    Topic,
    billing_rank,
)

DESK = (Role.DEAL_DESK,)
JUDGED = (JudgedBasis.BLENDED, JudgedBasis.WORST_LINE, JudgedBasis.WORST_YEAR)

BANDS = (
    PriceBand(Decimal(0)),
    PriceBand(Decimal(10), (Role.SALES_MANAGER,)),
    PriceBand(Decimal(20), (Role.VP_SALES,)),
    PriceBand(Decimal(40), DESK),
)

SEGMENTS = (
    SegmentBand("smb", "SMB", 1),
    SegmentBand("mid_market", "Mid-market", 51),
    SegmentBand("enterprise", "Enterprise", 501),
    SegmentBand("strategic", "Strategic", 5001),
)

ROLES = (
    RoleRule(Role.SALES_MANAGER, (Topic.PRICE,), hours=4),
    RoleRule(Role.VP_SALES, (Topic.PRICE,), hours=8),
    RoleRule(Role.DEAL_DESK, (Topic.PRICE, Topic.COMMERCIAL, Topic.LEGAL), hours=24),
    RoleRule(Role.FINANCE, (Topic.PRICE, Topic.COMMERCIAL), hours=24),
    RoleRule(Role.LEGAL, (Topic.COMMERCIAL, Topic.LEGAL), hours=48),
)

AS_IN_THE_SOURCES = Policy(
    version="as-in-the-sources-1",
    name="As in the sources",
    prices=(PriceTable(JUDGED, BANDS),),
    terms=TermsAxis(
        payment=CashTiming("net 30", rank=30),
        billing=CashTiming("annual, prepaid", rank=billing_rank(12)),
        volume_roles=DESK,
        categories=tuple(CategoryRule(category, DESK) for category in TermCategory),
    ),
    structure=StructureAxis(),
    size=SizeAxis(),
    segments=SEGMENTS,
    roles=ROLES,
)

RECOMMENDED = replace(
    AS_IN_THE_SOURCES,
    version="recommended-1",
    name="Recommended",
    prices=(
        PriceTable(JUDGED, (*BANDS[:3], PriceBand(Decimal(40), (Role.VP_SALES, Role.DEAL_DESK)))),
    ),
    terms=replace(AS_IN_THE_SOURCES.terms, owners_too=True),
    structure=replace(
        AS_IN_THE_SOURCES.structure,
        only_with=EnterpriseWith(annual_value_above=Decimal(100000)),
    ),
    size=replace(AS_IN_THE_SOURCES.size, mode=SizeMode.ALERT),
)

PRESETS = {"as_in_the_sources": AS_IN_THE_SOURCES, "recommended": RECOMMENDED}

ACKNOWLEDGED = {
    "as_in_the_sources": {
        "prices.inversion.1.40": (
            "As in the sources: the deal desk alone decides from 40 %, and the VP of sales is "
            "not asked. The policy “Recommended” asks both."
        )
    },
}
"""What the linter finds in a preset and is meant, by preset: the finding's key, and why."""
