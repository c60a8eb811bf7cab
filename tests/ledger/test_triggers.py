import pytest
from django.core.checks import run_checks
from django.db import DatabaseError, connection, transaction

from revops import marking, triggers
from revops.people.models import RoleGrant
from tests.foundation import AT, make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def paper():
    """A table of its own, with a rule that the test declares."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE test_paper (id integer PRIMARY KEY, state text, title text, note text)"
        )
        cursor.execute("INSERT INTO test_paper VALUES (1, 'draft', 'A', NULL)")
        cursor.execute("INSERT INTO test_paper VALUES (2, 'published', 'B', NULL)")
    yield lambda statement: execute(statement)
    triggers._declared.rules.pop("test_paper", None)


def execute(statement: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def refused(paper, statement: str) -> bool:
    try:
        paper(statement)
    except DatabaseError:
        return True
    return False


def test_rows_may_only_be_added(paper):
    triggers.declare("test_paper")
    triggers.install()

    assert refused(paper, "UPDATE test_paper SET title = 'C'")
    assert refused(paper, "DELETE FROM test_paper")
    assert not refused(paper, "INSERT INTO test_paper VALUES (3, 'draft', 'C', NULL)")


def test_a_column_may_be_filled_once(paper):
    triggers.declare("test_paper", once=("note",))
    triggers.install()

    assert not refused(paper, "UPDATE test_paper SET note = 'seen' WHERE id = 1")
    assert refused(paper, "UPDATE test_paper SET note = 'again' WHERE id = 1")
    assert refused(paper, "UPDATE test_paper SET title = 'C' WHERE id = 1")


def test_a_free_column_may_change(paper):
    triggers.declare("test_paper", free=("title",))
    triggers.install()

    assert not refused(paper, "UPDATE test_paper SET title = 'C'")
    assert refused(paper, "UPDATE test_paper SET state = 'x'")


def test_only_frozen_rows_are_kept(paper):
    triggers.declare("test_paper", frozen_when="{row}.state = 'published'", added=True)
    triggers.install()

    assert not refused(paper, "UPDATE test_paper SET title = 'C' WHERE id = 1")
    assert not refused(paper, "UPDATE test_paper SET state = 'published' WHERE id = 1")
    assert refused(paper, "UPDATE test_paper SET state = 'draft' WHERE id = 2")
    assert refused(paper, "DELETE FROM test_paper WHERE id = 2")
    assert refused(paper, "INSERT INTO test_paper VALUES (3, 'published', 'C', NULL)")
    assert not refused(paper, "INSERT INTO test_paper VALUES (4, 'draft', 'D', NULL)")


def test_what_the_database_has_is_compared_with_what_was_declared(paper):
    triggers.declare("test_paper")
    assert any("test_paper is missing" in problem for problem in triggers.problems())

    triggers.install()
    assert triggers.problems() == []

    triggers.declare("test_paper", once=("note",))
    assert any("test_paper differs" in problem for problem in triggers.problems())


def test_the_system_check_warns_of_a_trigger_that_was_dropped():
    assert run_checks(databases=["default"], tags=["database"]) == []

    triggers.lift()

    found = run_checks(databases=["default"], tags=["database"])
    assert "revops.W001" in {message.id for message in found}


@pytest.fixture
def desk_marks(paper):
    """Marks on the table of its own: whoever has published papers."""
    execute("CREATE TABLE test_mark (id integer, title text)")
    rule = marking.MarkRule(
        table="test_paper",
        into="test_mark",
        whose="title",
        columns=("note",),
        condition="{row}.state = 'published'",
        afresh="UPDATE test_paper SET note = 'afresh' WHERE id = 1",
    )
    marking.declare_marks(rule)
    triggers.install()
    yield lambda statement: execute(statement) or marks()
    marking._declared.rules.pop("test_paper")


def marks() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT title FROM test_mark ORDER BY title")
        found = [title for (title,) in cursor.fetchall()]
        cursor.execute("DELETE FROM test_mark")
    return found


def test_a_change_marks_whose_it_was_and_whose_it_is(desk_marks):
    assert desk_marks("UPDATE test_paper SET note = 'seen'") == ["B"]
    assert desk_marks("UPDATE test_paper SET note = 'seen'") == []
    assert desk_marks("UPDATE test_paper SET title = 'C' WHERE id = 2") == ["B", "C"]
    assert desk_marks("UPDATE test_paper SET state = 'draft' WHERE id = 2") == ["C"]
    assert desk_marks("UPDATE test_paper SET state = 'published' WHERE id = 1") == ["A"]
    assert desk_marks("INSERT INTO test_paper VALUES (3, 'published', 'A', NULL)") == ["A"]
    assert desk_marks("DELETE FROM test_paper") == ["A"]


def test_marks_that_are_missing_or_differ_are_named(desk_marks):
    assert triggers.problems() == []

    triggers.lift()

    assert any("keep_marks_test_paper_update" in problem for problem in triggers.problems())


def test_a_role_grant_is_revoked_once_and_never_deleted():
    grant = make_person("Ana Ruiz", roles=["rep"]).role_grants.get()
    RoleGrant.objects.filter(pk=grant.pk).update(revoked_at=AT)

    with pytest.raises(DatabaseError), transaction.atomic():
        RoleGrant.objects.filter(pk=grant.pk).update(revoked_at=None)
    with pytest.raises(DatabaseError), transaction.atomic():
        grant.delete()
