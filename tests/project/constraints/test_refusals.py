"""For each constraint of each table one row that breaks it, and the database refuses it.

The rows come from one small company whose deal, quote and request went through the operations. A
bad row is a change to one of them, or its twin with some columns changed.
"""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from tests.project.constraints.approving import APPROVING
from tests.project.constraints.foundation import FOUNDATION
from tests.project.constraints.policies import POLICIES
from tests.project.constraints.rules import constrained, told_as
from tests.project.constraints.selling import SELLING

pytestmark = pytest.mark.django_db

BAD = {**FOUNDATION, **SELLING, **POLICIES, **APPROVING}


@pytest.mark.parametrize("name", BAD)
def test_the_database_refuses_a_row_against(company, name):
    with pytest.raises(IntegrityError, match=told_as(name)), transaction.atomic():
        BAD[name]()


def test_every_constraint_has_its_bad_row():
    assert set(BAD) == set(constrained())
