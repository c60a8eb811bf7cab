"""The policy as data: its text, its digest, and what makes it unfit to publish."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from dealdesk.canonical import canonical_json, digest, from_json
from dealdesk.policy import (
    CashTiming,
    CashTimingFor,
    Floor,
    JudgedBasis,
    Policy,
    PriceBand,
    PriceTable,
    Role,
    RoleRule,
    SamePerson,
    SegmentBand,
    StepMode,
    StepOrder,
    StepUp,
    TimingKind,
    Topic,
    billing_rank,
    policy_digest,
    policy_from_json,
    policy_json,
    policy_problems,
)
from dealdesk.policyinwords import policy_words
from dealdesk.presets import AS_IN_THE_SOURCES, BANDS, JUDGED, PRESETS

SOURCES = AS_IN_THE_SOURCES


@pytest.mark.parametrize("policy", PRESETS.values(), ids=PRESETS)
def test_shipped_presets_are_fit_and_read_back_as_they_were(policy):
    assert policy_problems(policy) == []
    assert policy_from_json(policy_json(policy)) == policy


def test_presets_differ_in_their_digest():
    assert len({policy_digest(policy) for policy in PRESETS.values()}) == len(PRESETS)


DIGESTS = {
    "as_in_the_sources": "bdd579f426da2e58c4ce4607cea6b0530e926edc510e03a6f16058b4174a3590",
    "recommended": "a2ff37649816a26f41fca1ec29ba3cfb0069b4801730244c24cc1e687afca011",
}


def test_digests_of_what_shipped_never_change():
    assert {key: policy_digest(policy) for key, policy in PRESETS.items()} == DIGESTS


def test_a_version_stored_before_a_field_was_added_keeps_its_digest():
    stored = policy_json(SOURCES)

    read = policy_from_json(stored)

    assert "floors" not in stored
    assert "step_up" not in stored
    assert (read.floors, read.roles[0].step_up) == ((), StepUp.LINK)
    assert canonical_json(read) == stored
    assert digest(read) == policy_digest(SOURCES)


FULL = replace(
    SOURCES,
    prices=(replace(SOURCES.prices[0], families=("platform",)), *SOURCES.prices),
    terms=replace(
        SOURCES.terms,
        timings=(
            CashTimingFor(
                TimingKind.PAYMENT,
                "enterprise",
                "DACH",
                CashTiming("net 60", 60, (Role.FINANCE,)),
            ),
            CashTimingFor(TimingKind.BILLING, "", "DACH", CashTiming("quarterly", 997)),
        ),
    ),
    roles=(
        RoleRule(
            Role.DEAL_DESK,
            tuple(Topic),
            24,
            StepMode.PERCENT,
            percent=50,
            step_up=StepUp.RETYPE,
            backup="ana@example.com",
            fallback="kim@example.com",
        ),
        RoleRule(Role.LEGAL, tuple(Topic), 8, StepMode.ALL_ANSWERED, step_up=StepUp.SIGN_IN),
        *(rule for rule in SOURCES.roles if rule.role not in (Role.DEAL_DESK, Role.LEGAL)),
    ),
    order=StepOrder.WAVES,
    floors=(Floor(JudgedBasis.BLENDED, Decimal("62.5")),),
    same_person=SamePerson.CARRIED,
)


def test_everything_a_policy_can_say_reads_back_as_it_was():
    assert policy_problems(FULL) == []
    assert from_json(Policy, canonical_json(FULL)) == FULL
    assert policy_digest(FULL) != policy_digest(SOURCES)


def test_everything_a_policy_can_say_is_told_in_words():
    told = " | ".join(
        f"{section.title}: {section.lead} {rule.when} {rule.then}"
        for section in policy_words(FULL, "EUR")
        for rule in section.rules
    )

    for said in (
        "Price of platform",
        "62.5 % or more on the whole quote refused",
        "Payment later than net 60 for Enterprise accounts in DACH asks finance",
        "Billing later than quarterly for accounts in DACH asks the deal desk",
        "price and deal desk first, then finance and legal",
        "who holds several steps answers once",
        "50 % of those asked must agree",
        "all must answer and one must agree",
        "kim@example.com stands in when nobody is left",
        "ana@example.com is added when the time is up",
        "retypes the discount to decide from a mail",
        "signs in to decide from a mail",
    ):
        assert said in told, said


def with_bands(*bands):
    return replace(SOURCES, prices=(PriceTable(JUDGED, bands),))


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        (with_bands(BANDS[0], BANDS[2], BANDS[1]), "rising percentages"),
        (with_bands(*BANDS[1:]), "start at 0 %"),
        (
            with_bands(
                BANDS[0],
                PriceBand(Decimal(10), (Role.VP_SALES,)),
                PriceBand(Decimal(20), (Role.SALES_MANAGER,)),
            ),
            "lower authority",
        ),
        (replace(SOURCES, roles=SOURCES.roles[1:]), "asks the sales manager but"),
        (
            replace(
                SOURCES,
                roles=(
                    *SOURCES.roles,
                    RoleRule(Role.LEGAL, tuple(Topic), 8, StepMode.QUORUM, needed=0),
                ),
            ),
            "at least one yes",
        ),
        (
            replace(
                SOURCES,
                roles=(*SOURCES.roles[:4], RoleRule(Role.LEGAL, (), 8, StepMode.PERCENT)),
            ),
            "is 1 to 100 %",
        ),
        (
            replace(SOURCES, segments=(SegmentBand("a", "A", 5), SegmentBand("b", "B", 5))),
            "rising head counts",
        ),
    ],
)
def test_what_makes_a_policy_unfit_is_a_sentence(policy, said):
    assert any(said in problem for problem in policy_problems(policy))


def test_billing_is_ranked_by_when_cash_comes():
    soonest_first = [
        billing_rank(0),
        billing_rank(36),
        billing_rank(12),
        billing_rank(6),
        billing_rank(3),
        billing_rank(1),
        billing_rank(1, in_arrears=True),
        billing_rank(12, in_arrears=True),
    ]

    assert soonest_first == sorted(set(soonest_first))
