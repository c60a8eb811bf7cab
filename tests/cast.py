"""The people in every test: always the same, and each the least that their part needs.

Vera (VP sales) leads Max (sales manager), who leads Rita and Ron (reps). Oda has no role.
"""

import pytest

from tests.factories.people import make_person, make_team


@pytest.fixture
def team(db):
    return make_team("North")


@pytest.fixture
def vp(db):
    return make_person("Vera Vance", roles=["vp_sales"])


@pytest.fixture
def manager(vp, team):
    return make_person("Max Moreno", roles=["sales_manager"], manager=vp, team=team)


@pytest.fixture
def rep(manager, team):
    return make_person("Rita Reyes", roles=["rep"], manager=manager, team=team)


@pytest.fixture
def other_rep(manager, team):
    return make_person("Ron Rossi", roles=["rep"], manager=manager, team=team)


@pytest.fixture
def desk(db):
    return make_person("Dora Diaz", roles=["deal_desk"])


@pytest.fixture
def finance(db):
    return make_person("Finn Fabre", roles=["finance"])


@pytest.fixture
def legal(db):
    return make_person("Lena Lund", roles=["legal"])


@pytest.fixture
def revops(db):
    return make_person("Rosa Ricci", roles=["revops_admin"])


@pytest.fixture
def auditor(db):
    return make_person("Aki Arai", roles=["auditor"])


@pytest.fixture
def customer_success(db):
    return make_person("Cem Celik", roles=["customer_success"])


@pytest.fixture
def outsider(db):
    """A colleague without a part in any deal."""
    return make_person("Oda Olsen")
