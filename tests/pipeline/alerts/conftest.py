import pytest

from pipeline.models import Deal
from revops.people.models import User
from tests.pipeline.alerts.telling import START


@pytest.fixture(autouse=True)
def here_before(request, db):
    """The cast was admitted long before the first Monday of these tests."""
    for name in ("rep", "other_rep", "manager", "vp", "revops", "outsider"):
        if name in request.fixturenames:
            request.getfixturevalue(name)
    User.objects.update(admitted_at=START.replace(year=2025))
    assert not Deal.objects.exists()
