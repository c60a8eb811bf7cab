import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from revops.people.changes import line_problems, put_under, rebuild_line
from revops.people.models import ReportingLink, User
from revops.people.operations import set_manager
from revops.refusals import Refused
from tests.foundation import AT, SYSTEM, make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def line():
    """Vera leads Mia, Mia leads Rita."""
    vera = make_person("Vera VP")
    mia = make_person("Mia Manager", manager=vera)
    return vera, mia, make_person("Rita Rep", manager=mia)


def test_the_line_below_is_everybody_below(line):
    vera, mia, rita = line

    assert set(User.objects.below(vera)) == {mia, rita}
    assert set(User.objects.below(rita)) == set()


def test_the_line_above_begins_with_the_nearest(line):
    vera, mia, rita = line

    assert list(User.objects.above(rita)) == [mia, vera]


def test_a_manager_moves_with_the_line_below_them(line):
    vera, mia, rita = line
    other = make_person("Otto VP")

    set_manager(person=mia, manager=other, by=SYSTEM, at=AT)

    assert list(User.objects.above(rita)) == [mia, other]
    assert set(User.objects.below(vera)) == set()


def test_a_cycle_is_refused(line):
    vera, _, rita = line

    with pytest.raises(Refused, match="Rita Rep reports to Vera VP"):
        set_manager(person=vera, manager=rita, by=SYSTEM, at=AT)


def test_nobody_is_their_own_manager(line):
    vera, *_ = line

    with pytest.raises(Refused, match="their own manager"):
        set_manager(person=vera, manager=vera, by=SYSTEM, at=AT)
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=vera.pk).update(manager=vera)


def test_a_line_written_past_the_operation_is_found_and_can_be_rebuilt(line):
    _, mia, _ = line
    User.objects.filter(pk=mia.pk).update(manager=None)
    assert line_problems()

    rebuild_line()

    assert line_problems() == []


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=st.lists(st.tuples(st.integers(0, 5), st.none() | st.integers(0, 5)), max_size=15))
def test_the_line_always_follows_from_the_managers(moves):
    with transaction.atomic():
        people = [make_person(f"Person {number}") for number in range(6)]
        for mover, manager in moves:
            person = User.objects.get(pk=people[mover].pk)
            try:
                put_under(person, None if manager is None else people[manager], by=SYSTEM, at=AT)
            except Refused:
                continue

        assert line_problems() == []
        assert ReportingLink.objects.filter(depth=0).count() == 6
        transaction.set_rollback(True)
