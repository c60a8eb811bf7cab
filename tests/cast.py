"""The people in every test: always the same, and each the least that their part needs.

Vera (VP sales) leads Max (sales manager), who leads Rita and Ron (reps). Oda has no role.
"""

import pytest

from revops.people.models import User
from tests.factories.people import make_person, make_team

PEOPLE = {
    "vp": ("Vera Vance", ["vp_sales"]),
    "manager": ("Max Moreno", ["sales_manager"]),
    "rep": ("Rita Reyes", ["rep"]),
    "other_rep": ("Ron Rossi", ["rep"]),
    "desk": ("Dora Diaz", ["deal_desk"]),
    "finance": ("Finn Fabre", ["finance"]),
    "legal": ("Lena Lund", ["legal"]),
    "revops": ("Rosa Ricci", ["revops_admin"]),
    "auditor": ("Aki Arai", ["auditor"]),
    "customer_success": ("Cem Celik", ["customer_success"]),
    # A colleague without a part in any deal.
    "outsider": ("Oda Olsen", []),
}


def make_one(part: str, **facts) -> User:
    name, roles = PEOPLE[part]
    return make_person(name, roles=roles, **facts)


def make_cast() -> dict[str, User]:
    """Everybody at once, by their part, for a world that several tests share."""
    team, vp = make_team("North"), make_one("vp")
    manager = make_one("manager", manager=vp, team=team)
    line = {"vp": vp, "manager": manager}
    line |= {part: make_one(part, manager=manager, team=team) for part in ("rep", "other_rep")}
    return line | {part: make_one(part) for part in PEOPLE if part not in line}


@pytest.fixture
def team(db):
    return make_team("North")


@pytest.fixture
def vp(db):
    return make_one("vp")


@pytest.fixture
def manager(vp, team):
    return make_one("manager", manager=vp, team=team)


@pytest.fixture
def rep(manager, team):
    return make_one("rep", manager=manager, team=team)


@pytest.fixture
def other_rep(manager, team):
    return make_one("other_rep", manager=manager, team=team)


@pytest.fixture
def desk(db):
    return make_one("desk")


@pytest.fixture
def finance(db):
    return make_one("finance")


@pytest.fixture
def legal(db):
    return make_one("legal")


@pytest.fixture
def revops(db):
    return make_one("revops")


@pytest.fixture
def auditor(db):
    return make_one("auditor")


@pytest.fixture
def customer_success(db):
    return make_one("customer_success")


@pytest.fixture
def outsider(db):
    return make_one("outsider")
