"""The policy as data: its text, its digest, and what makes it unfit to publish."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from dealdesk.policy import (
    PriceBand,
    PriceTable,
    Role,
    RoleRule,
    SegmentBand,
    StepMode,
    Topic,
    billing_rank,
    policy_digest,
    policy_from_json,
    policy_json,
    policy_problems,
)
from dealdesk.presets import AS_IN_THE_SOURCES, BANDS, JUDGED, PRESETS

SOURCES = AS_IN_THE_SOURCES


@pytest.mark.parametrize("policy", PRESETS.values(), ids=PRESETS)
def test_shipped_presets_are_fit_and_read_back_as_they_were(policy):
    assert policy_problems(policy) == []
    assert policy_from_json(policy_json(policy)) == policy


def test_presets_differ_in_their_digest():
    assert len({policy_digest(policy) for policy in PRESETS.values()}) == len(PRESETS)


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
