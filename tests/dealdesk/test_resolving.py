"""Which people a route asks, and every way in which there may be nobody."""

from __future__ import annotations

from dataclasses import replace

from dealdesk.policy import Role, RoleRule, StepMode, Topic
from dealdesk.presets import AS_IN_THE_SOURCES
from dealdesk.resolving import Directory, Person, resolve
from dealdesk.routing import evaluate
from tests.dealdesk.making import CUSTOM_SLA, NET_90, make_line, make_terms

MARTA = Person(1, "Marta", frozenset({Role.SALES_MANAGER}))
MILES = Person(2, "Miles", frozenset({Role.SALES_MANAGER}))
VERA = Person(3, "Vera", frozenset({Role.VP_SALES}))
DANA = Person(4, "Dana", frozenset({Role.DEAL_DESK}))
DREW = Person(5, "Drew", frozenset({Role.DEAL_DESK}))
FAY = Person(6, "Fay", frozenset({Role.FINANCE}))
LEO = Person(7, "Leo", frozenset({Role.LEGAL}))
ZOE = Person(8, "Zoe", frozenset({Role.FINANCE, Role.LEGAL}))
SAM = Person(9, "Sam")

PEOPLE = Directory(
    line=(MARTA, MILES, VERA),
    holders={
        Role.VP_SALES: (VERA,),
        Role.DEAL_DESK: (DANA, DREW),
        Role.FINANCE: (FAY,),
        Role.LEGAL: (LEO,),
    },
)

MANAGER = evaluate(AS_IN_THE_SOURCES, make_terms(make_line(off=15)))
VP = evaluate(AS_IN_THE_SOURCES, make_terms(make_line(off=25)))
DESK = evaluate(AS_IN_THE_SOURCES, make_terms(payment=NET_90))
BOTH = evaluate(AS_IN_THE_SOURCES, make_terms(months=24))


def asked(resolution):
    return {
        group.role: [person.name for person in group.people]
        for step in resolution.steps
        for group in step.groups
    }


def codes(resolution):
    return [refusal.code for refusal in resolution.refusals]


def test_the_nearest_sales_manager_above_the_owner_is_asked():
    resolution = resolve(MANAGER, PEOPLE, {})

    assert asked(resolution) == {Role.SALES_MANAGER: ["Marta"]}
    assert not resolution.substitutions
    assert resolution.ok


def test_an_excluded_manager_is_passed_over_with_the_reason():
    resolution = resolve(MANAGER, PEOPLE, {MARTA.key: "owns the deal"})

    assert asked(resolution) == {Role.SALES_MANAGER: ["Miles"]}
    assert resolution.substitutions[0].sentence == "Marta owns the deal, so Miles is asked."


def test_an_inactive_manager_is_passed_over():
    people = replace(PEOPLE, line=(replace(MARTA, active=False), MILES))

    resolution = resolve(MANAGER, people, {})

    assert resolution.substitutions[0].sentence == "Marta is not active, so Miles is asked."


def test_without_a_manager_any_vp_above_is_asked():
    resolution = resolve(MANAGER, replace(PEOPLE, line=(SAM, VERA)), {})

    assert asked(resolution) == {Role.SALES_MANAGER: ["Vera"]}
    assert resolution.substitutions[0].sentence == (
        "No sales manager is above the owner, so Vera is asked as VP of sales."
    )


def test_without_anybody_above_the_named_fallback_is_asked():
    people = replace(PEOPLE, line=(), fallbacks={Role.SALES_MANAGER: SAM})

    resolution = resolve(MANAGER, people, {})

    assert asked(resolution) == {Role.SALES_MANAGER: ["Sam"]}
    assert "as the policy names" in resolution.substitutions[0].sentence


def test_without_a_fallback_the_missing_approver_is_named():
    resolution = resolve(MANAGER, replace(PEOPLE, line=()), {})

    assert codes(resolution) == ["approver_missing"]
    assert resolution.refusals[0].about == "sales_manager"
    assert resolution.refusals[0].sentence == (
        "Nobody can decide for the sales manager. No sales manager is above the owner."
        " Ask an administrator to name somebody."
    )


def test_an_excluded_or_inactive_fallback_does_not_help():
    for fallback in (replace(SAM, active=False), MARTA):
        people = replace(PEOPLE, line=(), fallbacks={Role.SALES_MANAGER: fallback})

        assert codes(resolve(MANAGER, people, {MARTA.key: "owns the deal"})) == ["approver_missing"]


def test_every_active_holder_of_another_role_is_asked():
    assert asked(resolve(DESK, PEOPLE, {})) == {Role.DEAL_DESK: ["Dana", "Drew"]}


def test_a_holder_who_submitted_is_not_asked():
    resolution = resolve(DESK, PEOPLE, {DANA.key: "submitted this quote"})

    assert asked(resolution) == {Role.DEAL_DESK: ["Drew"]}
    assert resolution.steps[0].groups[0].notes == ("Dana submitted this quote and is not asked.",)


def test_a_role_with_no_holder_left_is_refused_by_name():
    resolution = resolve(VP, PEOPLE, {VERA.key: "owns the deal"})

    assert codes(resolution) == ["approver_missing"]
    assert "Vera owns the deal" in resolution.refusals[0].sentence


def test_a_role_nobody_holds_is_refused_by_name():
    assert codes(resolve(VP, replace(PEOPLE, holders={}), {})) == ["approver_missing"]


def test_finance_and_legal_are_asked_in_one_step():
    assert asked(resolve(BOTH, PEOPLE, {})) == {Role.FINANCE: ["Fay"], Role.LEGAL: ["Leo"]}


def test_one_person_for_finance_and_legal_is_refused():
    people = replace(PEOPLE, holders={Role.FINANCE: (ZOE,), Role.LEGAL: (ZOE,)})

    resolution = resolve(BOTH, people, {})

    assert codes(resolution) == ["one_person_for_two_groups"]
    assert "Only Zoe is left for finance and legal" in resolution.refusals[0].sentence


def test_exclusions_that_leave_one_person_for_both_are_refused():
    people = replace(PEOPLE, holders={Role.FINANCE: (ZOE, FAY), Role.LEGAL: (ZOE,)})

    assert codes(resolve(BOTH, people, {FAY.key: "owns the deal"})) == ["one_person_for_two_groups"]


def test_a_person_with_both_roles_is_asked_where_needed_most():
    people = replace(PEOPLE, holders={Role.FINANCE: (ZOE, FAY), Role.LEGAL: (ZOE,)})

    resolution = resolve(BOTH, people, {})

    assert asked(resolution) == {Role.FINANCE: ["Fay"], Role.LEGAL: ["Zoe"]}
    assert resolution.ok


def test_a_fallback_stands_in_where_one_person_holds_both():
    people = replace(
        PEOPLE,
        holders={Role.FINANCE: (ZOE,), Role.LEGAL: (ZOE,)},
        fallbacks={Role.FINANCE: ZOE, Role.LEGAL: SAM},
    )

    resolution = resolve(BOTH, people, {})

    assert resolution.ok
    assert asked(resolution) == {Role.FINANCE: ["Zoe"], Role.LEGAL: ["Sam"]}


def test_a_person_may_be_asked_in_several_steps():
    boss = Person(10, "Bo", frozenset({Role.VP_SALES, Role.DEAL_DESK}))
    people = replace(PEOPLE, holders={Role.VP_SALES: (boss,), Role.DEAL_DESK: (boss,)})
    route = evaluate(AS_IN_THE_SOURCES, make_terms(make_line(off=25), nonstandard=[CUSTOM_SLA]))

    assert asked(resolve(route, people, {})) == {Role.VP_SALES: ["Bo"], Role.DEAL_DESK: ["Bo"]}


def test_a_quorum_that_exclusions_make_unreachable_is_refused():
    desk = RoleRule(Role.DEAL_DESK, tuple(Topic), 24, StepMode.QUORUM, needed=2)
    rules = tuple(desk if r.role is Role.DEAL_DESK else r for r in AS_IN_THE_SOURCES.roles)
    route = evaluate(replace(AS_IN_THE_SOURCES, roles=rules), make_terms(payment=NET_90))

    assert resolve(route, PEOPLE, {}).ok
    assert codes(resolve(route, PEOPLE, {DANA.key: "owns the deal"})) == ["quorum_unreachable"]


def test_an_automatic_route_asks_nobody():
    assert resolve(evaluate(AS_IN_THE_SOURCES, make_terms()), Directory(), {}).steps == ()
