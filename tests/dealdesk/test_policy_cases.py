"""The named cases that a policy is held against."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from dealdesk.casedefaults import SHIPPED
from dealdesk.models import PolicyCase
from dealdesk.operations import (
    add_case,
    change_case,
    publish_preset,
    restore_case,
    retire_case,
)
from dealdesk.policy import Role
from dealdesk.policycases import Case, CaseFacts, Expected, run_case
from dealdesk.policychecks import check_policy, standing_cases
from dealdesk.presets import AS_IN_THE_SOURCES, PRESETS, RECOMMENDED
from revops.ledger.models import Entry
from revops.refusals import Conflict, NotAllowed, Refused
from tests.factories.dealdesk import AT, by

pytestmark = pytest.mark.django_db


def facts(**given):
    case = PolicyCase.objects.get(shipped_key="list")
    return {"name": "Ours", "billing": case.billing, "expected": "automatic", "roles": [], **given}


def test_the_boundary_table_ships_and_is_green():
    checked = check_policy(AS_IN_THE_SOURCES, at=AT)

    assert len(checked.results) == len(SHIPPED)
    assert checked.green, [(r.case.name, r.sentence) for r in checked.failed]


def test_the_recommended_policy_has_answers_of_its_own():
    checked = check_policy(RECOMMENDED, at=AT, preset="recommended")

    assert checked.green, [(r.case.name, r.sentence) for r in checked.failed]
    assert not check_policy(RECOMMENDED, at=AT).green


def test_a_broken_case_says_what_the_policy_asks():
    case = Case("15 %", CaseFacts(Decimal(15)), Expected.ASKED, frozenset({Role.VP_SALES}))

    result = run_case(AS_IN_THE_SOURCES, case)

    assert not result.ok
    assert result.sentence == ("Expected the VP of sales; the policy asks the sales manager.")


@pytest.mark.parametrize("months", [1, 7, 12, 15, 36])
def test_the_annual_value_of_a_case_is_never_above_what_it_says(months):
    at_the_edge = CaseFacts(Decimal("3.7"), Decimal(25000), months)

    result = run_case(
        replace(AS_IN_THE_SOURCES, structure=RECOMMENDED.structure),
        Case("edge", at_the_edge, Expected.AUTOMATIC),
    )

    assert all(tried.rule != "size.annual_value" for tried in result.route.reasons)


def test_untouched_cases_follow_the_preset_that_is_published(revops):
    publish_preset(preset="recommended", by=by(revops), at=AT)

    larger = PolicyCase.objects.get(shipped_key="larger")
    assert larger.expected == "automatic"
    assert check_policy(PRESETS["recommended"], at=AT).green


def test_a_changed_case_follows_nobody(revops):
    larger = PolicyCase.objects.get(shipped_key="larger")
    change_case(case=larger, facts={"roles": ["finance"]}, by=by(revops), at=AT)

    publish_preset(preset="recommended", by=by(revops), at=AT)

    larger.refresh_from_db()
    assert larger.roles == ["finance"]


def test_a_case_is_added_changed_retired_and_restored(revops):
    case = add_case(facts=facts(months=6), by=by(revops), at=AT)
    change_case(case=case, facts={"months": 7}, version=1, by=by(revops), at=AT)
    retire_case(case=case, by=by(revops), at=AT)
    assert case.pk not in {each.key for each in standing_cases()}

    restore_case(case=case, by=by(revops), at=AT)

    assert case.pk in {each.key for each in standing_cases()}
    verbs = Entry.objects.filter(verb__startswith="case.").order_by("pk")
    assert list(verbs.values_list("verb", flat=True)) == [
        "case.added",
        "case.changed",
        "case.retired",
        "case.restored",
    ]


def test_a_case_that_asks_names_its_roles(revops):
    with pytest.raises(Refused, match="which roles"):
        add_case(facts=facts(expected="asked"), by=by(revops), at=AT)


def test_a_case_has_one_kind_of_discount(revops):
    both = facts(discount_percent=Decimal(5), tier_claimed=Decimal(5))

    with pytest.raises(Refused, match="either a discount"):
        add_case(facts=both, by=by(revops), at=AT)


def test_an_older_version_of_a_case_is_not_changed(revops):
    case = add_case(facts=facts(), by=by(revops), at=AT)
    change_case(case=case, facts={"months": 7}, by=by(revops), at=AT)

    with pytest.raises(Conflict):
        change_case(case=case, facts={"months": 8}, version=1, by=by(revops), at=AT)


def test_only_revops_changes_cases(rep):
    with pytest.raises(NotAllowed):
        add_case(facts=facts(), by=by(rep), at=AT)
