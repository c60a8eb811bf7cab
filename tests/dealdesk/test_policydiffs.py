"""Two policies side by side, in words."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from dealdesk.policy import (
    CashTiming,
    Floor,
    JudgedBasis,
    PriceBand,
    Role,
    RoleRule,
    SamePerson,
    SizeMode,
    StepMode,
    StepOrder,
    StepUp,
    TermCategory,
    Topic,
)
from dealdesk.policydiffs import Difference, differences
from dealdesk.presets import AS_IN_THE_SOURCES, RECOMMENDED

SOURCES = AS_IN_THE_SOURCES
DESK = (Role.DEAL_DESK,)


def priced(**changes):
    return replace(SOURCES, prices=(replace(SOURCES.prices[0], **changes),))


def asked(rule):
    return replace(SOURCES, roles=(rule, *SOURCES.roles[1:]))


FIRST = SOURCES.roles[0]
TERMS, STRUCTURE = SOURCES.terms, SOURCES.structure

CHANGES = {
    "name": replace(SOURCES, name="Ours"),
    "bands": priced(bands=SOURCES.prices[0].bands[:-1]),
    "bases": priced(bases=(JudgedBasis.BLENDED,)),
    "families": priced(families=("platform",)),
    "second table": replace(SOURCES, prices=SOURCES.prices * 2),
    "floors": replace(SOURCES, floors=(Floor(JudgedBasis.BLENDED, Decimal(70)),)),
    "payment": replace(SOURCES, terms=replace(TERMS, payment=CashTiming("net 45", 45))),
    "rank": replace(SOURCES, terms=replace(TERMS, payment=replace(TERMS.payment, rank=45))),
    "volume": replace(SOURCES, terms=replace(TERMS, volume_roles=())),
    "category": replace(SOURCES, terms=replace(TERMS, categories=TERMS.categories[1:])),
    "adopted": replace(SOURCES, terms=replace(TERMS, adopted=("net-60",))),
    "owners": replace(SOURCES, terms=replace(TERMS, owners_too=True)),
    "months": replace(SOURCES, structure=replace(STRUCTURE, standard_months=24)),
    "multiyear": replace(SOURCES, structure=replace(STRUCTURE, custom_multiyear_roles=())),
    "enterprise": replace(SOURCES, structure=replace(STRUCTURE, enterprise_segments=())),
    "unknown": replace(SOURCES, structure=replace(STRUCTURE, unknown_as="smb")),
    "only with": replace(SOURCES, structure=RECOMMENDED.structure),
    "size": replace(SOURCES, size=replace(SOURCES.size, threshold=Decimal(5))),
    "size mode": replace(SOURCES, size=replace(SOURCES.size, mode=SizeMode.ALERT)),
    "segments": replace(SOURCES, segments=SOURCES.segments[:-1]),
    "parent": replace(SOURCES, segment_of_parent=True),
    "topics": asked(replace(FIRST, topics=tuple(Topic))),
    "hours": asked(replace(FIRST, hours=FIRST.hours + 8)),
    "mode": asked(replace(FIRST, mode=StepMode.UNANIMOUS)),
    "needed": asked(replace(FIRST, mode=StepMode.QUORUM, needed=2)),
    "fallback": asked(replace(FIRST, fallback="ana@example.com")),
    "backup": asked(replace(FIRST, backup="ana@example.com")),
    "step-up": asked(replace(FIRST, step_up=StepUp.SIGN_IN)),
    "role": replace(SOURCES, roles=SOURCES.roles[:-1]),
    "authority": replace(SOURCES, price_ladder=SOURCES.price_ladder[::-1]),
    "ladder": replace(SOURCES, ladder=True),
    "order": replace(SOURCES, order=StepOrder.WAVES),
    "groups": replace(SOURCES, groups=()),
    "veto": replace(SOURCES, one_veto=False),
    "same person": replace(SOURCES, same_person=SamePerson.CARRIED),
    "material": replace(SOURCES, materiality=replace(SOURCES.materiality, amount=Decimal(5))),
    "tolerance": replace(SOURCES, tolerance_percent=Decimal(1)),
    "validity": replace(SOURCES, validity_days=5),
    "pending": replace(SOURCES, pending_days=5),
    "revoke": replace(SOURCES, revoke_hours=5),
}


@pytest.mark.parametrize("changed", CHANGES.values(), ids=CHANGES)
def test_whatever_changes_is_told(changed):
    found = differences(SOURCES, changed, "EUR")

    assert found
    assert all(each.area != "Details" for each in found)


def test_the_same_policy_by_another_version_does_not_differ():
    assert differences(SOURCES, replace(SOURCES, version="2"), "EUR") == []


def test_a_rule_about_the_same_thing_stands_beside_what_it_was():
    changed = replace(SOURCES, terms=replace(TERMS, volume_roles=(Role.FINANCE,)))

    (found,) = differences(SOURCES, changed, "EUR")

    assert found == Difference(
        "Terms",
        "A volume tier above the one its quantity earns: asks the deal desk",
        "A volume tier above the one its quantity earns: asks finance",
    )


def test_a_band_that_comes_is_told_beside_the_one_it_divides():
    bands = (*SOURCES.prices[0].bands, PriceBand(Decimal(60), (Role.VP_SALES, *DESK)))

    found = differences(SOURCES, priced(bands=bands), "EUR")

    assert [(each.before, each.after) for each in found] == [
        ("From 40 %: asks the deal desk", "40 % to below 60 %: asks the deal desk"),
        ("", "From 60 %: asks the VP of sales and the deal desk"),
    ]


def test_what_no_words_tell_is_told_by_its_fingerprint():
    bare = replace(SOURCES, terms=replace(TERMS, categories=()))

    found = differences(bare, replace(bare, terms=replace(bare.terms, owners_too=True)))

    assert [each.area for each in found] == ["Details"]


def test_every_category_is_a_topic_of_its_own():
    assert {category.topic for category in TermCategory} == set(Topic)


def test_a_role_that_is_new_is_said_to_be_new():
    without = replace(SOURCES, roles=SOURCES.roles[:-1])

    (found,) = differences(without, SOURCES, "EUR")

    assert str(found).startswith("Who is asked, and for how long: new: Legal: judges")
    assert isinstance(SOURCES.roles[-1], RoleRule)
