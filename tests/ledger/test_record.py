import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.utils import DatabaseError

from revops.ledger.chain import GENESIS, commitment
from revops.ledger.models import Entry, EntryRelation, PersonalValue
from revops.ledger.operations import Draft, erase_personal_values, record, record_many
from revops.people.actor import Actor, Via
from tests.foundation import AT, SYSTEM, make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana():
    return make_person("Ana Ruiz")


def test_entries_of_a_subject_follow_each_other(ana):
    first = record("deal.advanced", ana, by=SYSTEM, at=AT)
    second = record("deal.advanced", ana, by=SYSTEM, at=AT)

    assert second.sequence == first.sequence + 1
    assert second.previous_hash == first.hash


def test_each_subject_has_a_chain_of_its_own(ana):
    other = make_person("Bo Berg")

    own = Entry.objects.filter(subject_type="user", subject_id=other.pk).order_by("sequence")

    assert own[0].sequence == 1
    assert own[0].previous_hash == GENESIS


def test_an_entry_says_who_when_how_and_why(ana):
    by = Actor(user=ana, via=Via.LINK, ip="192.0.2.7", agent="Phone")

    entry = record(
        "approval.decided",
        ana,
        by=by,
        at=AT,
        before={"net": Decimal("80000.010")},
        after={"decided_at": AT, "approver": ana},
        why="A reference customer.",
    )
    entry = Entry.objects.get(pk=entry.pk)

    assert (entry.actor, entry.via, entry.at) == (ana, "mail_link", AT)
    assert entry.before == {"net": "80000.010"}
    assert entry.after == {"decided_at": "2026-11-03T09:30:00.000000Z", "approver": ana.pk}
    assert entry.why == "A reference customer."


def test_a_decision_by_mail_link_keeps_where_it_came_from_veiled(ana):
    by = Actor(user=ana, via=Via.LINK, ip="192.0.2.7", agent="Phone")

    entry = record("approval.decided", ana, by=by, at=AT)

    assert "192.0.2.7" not in entry.facts_json
    assert "192.0.2.7" in entry.personal_values.get().value_json


def test_a_float_is_refused(ana):
    with pytest.raises(TypeError, match="no canonical spelling"):
        record("deal.changed", ana, by=SYSTEM, at=AT, after={"discount": 0.1})


@pytest.mark.django_db(transaction=True)
def test_an_entry_is_written_only_with_the_change_it_records():
    with transaction.atomic():
        ana = make_person("Ana Ruiz")

    with pytest.raises(transaction.TransactionManagementError):
        record("deal.advanced", ana, by=SYSTEM, at=AT)


def test_a_related_record_shows_the_entry_in_its_timeline(ana):
    other = make_person("Bo Berg")

    entry = record("deal.assigned", ana, by=SYSTEM, at=AT, related=[other])

    assert entry in Entry.objects.about(other)
    assert entry in Entry.objects.about(ana)


def test_a_timeline_is_newest_first(ana):
    later = record("deal.closed", ana, by=SYSTEM, at=AT + timedelta(days=1))
    earlier = record("deal.opened", ana, by=SYSTEM, at=AT - timedelta(days=1))

    timeline = list(Entry.objects.about(ana))

    assert (timeline[0], timeline[-1]) == (later, earlier)


def test_a_subject_is_not_related_to_itself(ana):
    entry = record("deal.assigned", ana, by=SYSTEM, at=AT, related=[ana])

    assert not entry.relations.exists()


def test_personal_values_reach_the_ledger_as_commitments_only(ana):
    entry = Entry.objects.about(ana).get(verb="person.created")
    kept = entry.personal_values.get(field="name")

    assert "Ana" not in entry.facts_json
    assert json.loads(kept.value_json) == "Ana Ruiz"
    assert entry.facts["personal"]["name"] == commitment(kept.salt, kept.value_json)


def test_personal_values_can_be_erased(ana):
    erase_personal_values(subject=ana, by=SYSTEM, at=AT)

    assert not PersonalValue.objects.filter(subject_type="user", subject_id=ana.pk).exists()


def test_many_entries_cost_few_queries(ana, django_assert_max_num_queries):
    bo = make_person("Bo Berg")
    drafts = [Draft("deal.imported", who, related=[ana]) for who in [ana, bo] * 50]

    with django_assert_max_num_queries(8):
        entries = record_many(drafts, by=SYSTEM, at=AT)

    assert [entry.sequence for entry in entries if entry.subject_id == bo.pk] == list(range(2, 52))
    assert EntryRelation.objects.filter(subject_id=ana.pk).count() == 50


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_entry SET verb = 'deal.won'",
        "DELETE FROM ledger_entry",
        "UPDATE ledger_entryrelation SET subject_id = 0",
        "DELETE FROM ledger_entryrelation",
    ],
)
def test_the_database_refuses_to_rewrite_the_ledger(ana, statement):
    record("deal.assigned", ana, by=SYSTEM, at=AT, related=[make_person("Bo Berg")])

    with (
        pytest.raises(DatabaseError, match="never rewritten"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


@pytest.mark.postgres
def test_the_database_refuses_to_empty_the_ledger(ana):
    with (
        pytest.raises(DatabaseError, match="never rewritten"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("TRUNCATE ledger_checkpoint")


def test_two_entries_never_share_a_place_in_a_chain(ana):
    entry = Entry.objects.about(ana).first()
    entry.pk = None

    with pytest.raises(IntegrityError), transaction.atomic():
        entry.save(force_insert=True)
