"""Which people a route asks while somebody is away."""

from __future__ import annotations

from dataclasses import replace

from dealdesk.policy import Role
from dealdesk.resolving import Behalf, Person, resolve
from tests.dealdesk.test_resolving import (
    BOTH,
    DANA,
    DESK,
    DREW,
    FAY,
    LEO,
    MANAGER,
    MARTA,
    MILES,
    PEOPLE,
    VERA,
    VP,
    asked,
    codes,
)

UNTIL = "3 December"


def away(person):
    return replace(person, away=UNTIL)


def for_(delegate, person):
    """A delegate in the place of somebody, who follows as away."""
    behalf = Behalf(1, person.name, UNTIL)
    return replace(delegate, roles=person.roles, behalf=behalf), away(person)


def test_a_delegate_is_asked_in_the_place_of_who_is_away():
    people = replace(PEOPLE, holders={**PEOPLE.holders, Role.VP_SALES: for_(DANA, VERA)})

    resolution = resolve(VP, people, {})

    assert asked(resolution) == {Role.VP_SALES: ["Dana"]}
    assert resolution.substitutions[0].sentence == "Dana answers for Vera, away until 3 December."
    assert resolution.steps[0].groups[0].notes == (resolution.substitutions[0].sentence,)


def test_a_delegate_who_may_not_decide_is_passed_over():
    people = replace(PEOPLE, line=(*for_(DANA, MARTA), MILES))
    excluded = {
        DANA.key: "submitted this quote",
        MARTA.key: "has Dana as delegate, who submitted this quote",
    }

    resolution = resolve(MANAGER, people, excluded)

    assert asked(resolution) == {Role.SALES_MANAGER: ["Miles"]}
    assert "Dana, who answers for Marta, submitted this quote" in (
        resolution.substitutions[0].sentence
    )


def test_others_of_the_role_answer_for_who_is_away_without_a_delegate():
    people = replace(PEOPLE, holders={**PEOPLE.holders, Role.DEAL_DESK: (away(DANA), DREW)})

    resolution = resolve(DESK, people, {})

    assert asked(resolution) == {Role.DEAL_DESK: ["Drew"]}
    assert resolution.steps[0].groups[0].notes == (
        "Dana is away until 3 December and is not asked.",
    )


def test_who_is_away_is_asked_when_nobody_else_is_left():
    people = replace(PEOPLE, holders={**PEOPLE.holders, Role.VP_SALES: (away(VERA),)})

    resolution = resolve(VP, people, {})

    assert asked(resolution) == {Role.VP_SALES: ["Vera"]}
    assert resolution.ok
    assert resolution.substitutions[0].sentence == (
        "Nobody else is left, so Vera is asked, away until 3 December."
    )


def test_who_is_away_and_may_not_decide_is_never_asked():
    people = replace(PEOPLE, holders={**PEOPLE.holders, Role.VP_SALES: (away(VERA),)})

    assert codes(resolve(VP, people, {VERA.key: "owns this deal"})) == ["approver_missing"]


def test_the_line_above_is_asked_for_a_manager_who_is_away():
    resolution = resolve(MANAGER, replace(PEOPLE, line=(away(MARTA), VERA)), {})

    assert asked(resolution) == {Role.SALES_MANAGER: ["Vera"]}
    assert resolution.substitutions[0].sentence == (
        "Marta is away until 3 December, so Vera is asked as VP of sales."
    )


def test_a_delegate_never_answers_for_two_groups_of_one_step():
    """Leo answers for legal himself, so finance needs Fay, who is away, or nobody."""
    people = replace(PEOPLE, holders={**PEOPLE.holders, Role.FINANCE: for_(LEO, FAY)})

    resolution = resolve(BOTH, people, {})

    assert asked(resolution) == {Role.FINANCE: ["Fay"], Role.LEGAL: ["Leo"]}


def test_somebody_asked_for_themselves_is_the_same_person_as_the_delegate():
    assert Person(1, "A", frozenset({Role.LEGAL})) == Person(1, "A", behalf=Behalf(1, "B", "x"))
