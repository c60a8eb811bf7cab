"""Each finding of the linter, on the shipped policy with one thing wrong."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from dealdesk.policy import (
    CashTiming,
    CashTimingFor,
    EnterpriseWith,
    Floor,
    JudgedBasis,
    PriceBand,
    PriceTable,
    Role,
    RoleRule,
    SegmentBand,
    StepMode,
    TimingKind,
    Topic,
)
from dealdesk.policylint import Known, lint, unacknowledged
from dealdesk.presets import AS_IN_THE_SOURCES, BANDS, JUDGED, RECOMMENDED
from dealdesk.resolving import Directory, Person

BLENDED = (JudgedBasis.BLENDED,)
POLICY = RECOMMENDED


def keys(policy, **known):
    return [one.key for one in lint(policy, known=Known(**known))]


def bands(*pairs):
    rows = tuple(PriceBand(Decimal(str(lower)), roles) for lower, roles in pairs)
    return replace(POLICY, prices=(PriceTable(JUDGED, rows),))


def with_rule(role, **changes):
    rules = tuple(replace(rule, **changes) if rule.role is role else rule for rule in POLICY.roles)
    return replace(POLICY, roles=rules)


def test_the_recommended_policy_lints_clean():
    assert lint(RECOMMENDED) == []


def test_the_sources_pass_the_vp_over_and_say_so():
    [found] = lint(AS_IN_THE_SOURCES)

    assert found.key == "prices.inversion.1.40"
    assert found.is_error
    assert "passes the VP of sales over" in found.sentence


def test_an_acknowledged_error_no_longer_stops_publishing():
    found = lint(AS_IN_THE_SOURCES)

    assert unacknowledged(found, []) == found
    assert unacknowledged(found, ["prices.inversion.1.40"]) == []


def test_what_makes_no_sense_cannot_be_acknowledged():
    found = lint(bands((0, ()), (20, (Role.VP_SALES,)), (20, (Role.DEAL_DESK,))))

    assert unacknowledged(found, [one.key for one in found])


MANAGER, VP, DESK = (Role.SALES_MANAGER,), (Role.VP_SALES,), (Role.DEAL_DESK,)
ASIA = CashTimingFor(TimingKind.PAYMENT, "", "Asia", CashTiming("net 60", 60))
LARGE = CashTimingFor(TimingKind.PAYMENT, "enterprise", "", CashTiming("net 45", 45))

WRONG = [
    ("prices.gap.general", replace(POLICY, prices=(PriceTable(JUDGED, BANDS, ("Platform",)),))),
    ("prices.gap.bands.1", bands()),
    ("prices.gap.start.1", bands((5, MANAGER), (20, VP))),
    ("prices.gap.top.1", bands((0, MANAGER), (20, ()))),
    ("prices.order.1", bands((0, ()), (20, VP), (10, VP))),
    ("prices.inversion.authority.1.20", bands((0, ()), (10, VP), (20, MANAGER))),
    ("prices.inversion.1.20", bands((0, ()), (10, (Role.FINANCE,)), (20, VP))),
    ("prices.unreachable.1.101", bands((0, ()), (10, VP), (101, (*VP, *DESK)))),
    ("prices.same.1.20", bands((0, ()), (10, VP), (20, VP))),
    ("prices.twice.1.10.vp_sales", bands((0, ()), (10, (*VP, *VP)))),
    (
        "prices.overlap.blended.all",
        replace(POLICY, prices=(*POLICY.prices, PriceTable(BLENDED, BANDS[:3]))),
    ),
    ("floors.band.blended.1.40", replace(POLICY, floors=(Floor(BLENDED[0], Decimal(40)),))),
    ("floors.nothing.blended", replace(POLICY, floors=(Floor(BLENDED[0], Decimal(0)),))),
    ("floors.unreachable.blended", replace(POLICY, floors=(Floor(BLENDED[0], Decimal(101)),))),
    (
        "floors.twice.blended",
        replace(POLICY, floors=(Floor(BLENDED[0], Decimal(60)), Floor(BLENDED[0], Decimal(70)))),
    ),
    (
        "terms.gap.sla",
        replace(
            POLICY,
            terms=replace(
                POLICY.terms,
                owners_too=False,
                categories=tuple(
                    rule for rule in POLICY.terms.categories if rule.category.value != "sla"
                ),
            ),
        ),
    ),
    ("terms.gap.volume", replace(POLICY, terms=replace(POLICY.terms, volume_roles=()))),
    (
        "terms.overlap.payment",
        replace(
            POLICY,
            terms=replace(
                POLICY.terms, categories=POLICY.terms.categories + POLICY.terms.categories[:1]
            ),
        ),
    ),
    (
        "timings.gap.payment.any.Asia",
        replace(
            POLICY,
            terms=replace(
                POLICY.terms,
                timings=(replace(ASIA, timing=CashTiming("net 60", 60, ())),),
            ),
        ),
    ),
    (
        "timings.twice.payment.any.Asia",
        replace(POLICY, terms=replace(POLICY.terms, timings=(ASIA, ASIA))),
    ),
    (
        "timings.segment.payment.tiny.any",
        replace(POLICY, terms=replace(POLICY.terms, timings=(replace(LARGE, segment="tiny"),))),
    ),
    (
        "timings.general.payment.any.any",
        replace(POLICY, terms=replace(POLICY.terms, timings=(replace(ASIA, region=""),))),
    ),
    (
        "timings.both.payment.enterprise.Asia",
        replace(POLICY, terms=replace(POLICY.terms, timings=(ASIA, LARGE))),
    ),
    (
        "structure.segment.giant",
        replace(POLICY, structure=replace(POLICY.structure, enterprise_segments=("giant",))),
    ),
    (
        "structure.unknown_as",
        replace(POLICY, structure=replace(POLICY.structure, unknown_as="giant")),
    ),
    (
        "structure.unreachable.enterprise",
        replace(
            POLICY,
            structure=replace(POLICY.structure, only_with=EnterpriseWith(False, False, None)),
        ),
    ),
    ("size.gap.size", replace(POLICY, size=replace(POLICY.size, roles=()))),
    ("segments.none", replace(POLICY, segments=())),
    ("segments.gap.start", replace(POLICY, segments=POLICY.segments[1:])),
    (
        "segments.twice.smb",
        replace(POLICY, segments=(*POLICY.segments, SegmentBand("smb", "SMB", 90000))),
    ),
    ("roles.twice.finance", replace(POLICY, roles=(*POLICY.roles, POLICY.roles[3]))),
    ("roles.unruled.finance", replace(POLICY, roles=POLICY.roles[:3] + POLICY.roles[4:])),
    ("roles.hours.legal", with_rule(Role.LEGAL, hours=0)),
    ("roles.topics.legal", with_rule(Role.LEGAL, topics=())),
    ("roles.needed.legal", with_rule(Role.LEGAL, mode=StepMode.QUORUM, needed=0)),
    ("roles.percent.legal", with_rule(Role.LEGAL, mode=StepMode.PERCENT)),
    ("roles.expiry.legal", with_rule(Role.LEGAL, hours=999)),
    ("steps.mode.legal", with_rule(Role.LEGAL, mode=StepMode.ALL_ANSWERED)),
    ("steps.ladder.vp_sales", replace(POLICY, price_ladder=(*POLICY.price_ladder, *VP))),
    ("steps.group.legal", replace(POLICY, groups=(*POLICY.groups, (Role.LEGAL, *DESK)))),
]


@pytest.mark.parametrize(("key", "policy"), WRONG, ids=[key for key, _ in WRONG])
def test_each_mistake_is_found(key, policy):
    assert key in keys(policy)


def test_a_role_no_rule_asks_is_pointed_out():
    policy = replace(
        POLICY, terms=replace(POLICY.terms, owners_too=False), groups=(), structure=quiet()
    )

    assert "roles.unasked.legal" in keys(policy)


def quiet():
    return replace(POLICY.structure, long_term_roles=(), enterprise_roles=())


def holding(**holders):
    found = {role: tuple(holders.get(role.value, (Person(1, "Ana"),))) for role in Role}
    return Directory(holders=found)


def test_a_role_nobody_holds_cannot_be_asked():
    assert "roles.nobody.legal" in keys(POLICY, directory=holding(legal=()))
    assert keys(POLICY, directory=holding()) == []


def test_a_vp_stands_in_for_a_missing_manager():
    assert keys(POLICY, directory=holding(sales_manager=())) == []


def test_a_quorum_larger_than_its_group_is_found():
    policy = with_rule(Role.LEGAL, mode=StepMode.QUORUM, needed=2)

    assert "roles.quorum.legal" in keys(policy, directory=holding())
    two = (Person(1, "Ana"), Person(2, "Bo"))
    assert keys(policy, directory=holding(legal=two)) == []


def test_a_fallback_who_left_is_found():
    policy = with_rule(Role.LEGAL, fallback="gone@example.com", backup="gone@example.com")

    found = keys(policy, directory=holding(), emails={"ana@example.com"})

    assert found == ["roles.fallback.legal", "roles.backup.legal"]


def test_a_currency_without_a_rate_is_found():
    found = keys(POLICY, rates={"EUR"}, currencies={"EUR", "SEK"})

    assert found == ["size.rate.SEK"]


def test_a_family_no_product_has_is_found():
    policy = replace(POLICY, prices=(*POLICY.prices, PriceTable(JUDGED, BANDS[:3], ("Ghosts",))))

    assert "prices.family.2.Ghosts" in keys(policy, families={"Platform"})


def test_a_second_rule_for_a_role_counts_for_nothing():
    second = RoleRule(Role.LEGAL, (Topic.LEGAL,), hours=1)

    assert replace(POLICY, roles=(*POLICY.roles, second)).rule(Role.LEGAL).hours == 48
