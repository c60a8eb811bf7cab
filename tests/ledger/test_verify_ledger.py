import json
from hashlib import sha256

import pytest
from django.core.management import call_command

from revops import triggers
from revops.ledger.chain import MerkleTree
from revops.ledger.models import Checkpoint, Entry, EntryRelation, PersonalValue
from revops.ledger.operations import record, seal_checkpoint
from revops.ledger.verification import verify
from tests.foundation import AT, SYSTEM, make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana():
    return make_person("Ana Ruiz", roles=["rep"])


def first_problem() -> str:
    return verify().problems[0]["sentence"]


def test_an_untouched_ledger_is_intact(ana):
    report = verify()

    assert report.is_intact
    assert (report.entries, report.subjects, report.unsealed) == (2, 1, 2)


def test_a_checkpoint_seals_what_came_since_the_last(ana):
    first = seal_checkpoint(at=AT)
    record("deal.advanced", ana, by=SYSTEM, at=AT)
    second = seal_checkpoint(at=AT)

    assert (first.entry_count, second.entry_count) == (2, 1)
    assert second.previous_hash == first.hash
    assert verify().is_intact
    assert verify().unsealed == 0


def test_nothing_new_needs_no_seal(ana):
    seal_checkpoint(at=AT)

    assert seal_checkpoint(at=AT) is None


def test_a_changed_entry_is_named(ana):
    with triggers.lifted():
        Entry.objects.filter(sequence=2).update(facts_json='{"after":{"role":"legal"}}')

    report = verify()

    assert report.problems[0]["verb"] == "role.granted"
    assert "was changed after it was written" in report.problems[0]["sentence"]


@pytest.mark.parametrize(
    "change",
    [
        {"verb": "role.revoked"},
        {"via": "api"},
        {"subject_id": 999_999},
        {"previous_hash": "f" * 64},
    ],
)
def test_no_column_of_an_entry_can_be_changed_unseen(ana, change):
    with triggers.lifted():
        Entry.objects.filter(sequence=2).update(**change)

    assert not verify().is_intact


def test_an_entry_taken_from_the_middle_is_missed(ana):
    record("deal.advanced", ana, by=SYSTEM, at=AT)
    with triggers.lifted():
        Entry.objects.filter(sequence=2).delete()

    assert "an entry before it is gone" in first_problem()


def test_a_sealed_entry_taken_from_the_end_is_missed(ana):
    seal_checkpoint(at=AT)
    with triggers.lifted():
        Entry.objects.filter(sequence=2).delete()

    assert first_problem() == "Checkpoint 1 sealed 2 entries; 1 are there."


def test_a_chain_written_anew_does_not_match_its_seal(ana):
    seal_checkpoint(at=AT)
    with triggers.lifted():
        Entry.objects.filter(sequence=2).update(hash="a" * 64)

    assert any("not those it sealed" in found["sentence"] for found in verify().problems)


def test_a_changed_checkpoint_is_named(ana):
    seal_checkpoint(at=AT)
    with triggers.lifted():
        Checkpoint.objects.update(last_entry_id=10**6)

    assert not verify().is_intact


def test_an_entry_hidden_from_a_timeline_is_found(ana):
    record("deal.assigned", ana, by=SYSTEM, at=AT, related=[make_person("Bo Berg")])
    with triggers.lifted():
        EntryRelation.objects.all().delete()

    assert "other related records" in first_problem()


def test_a_changed_personal_value_is_found_and_an_erased_one_is_not(ana):
    PersonalValue.objects.filter(field="name").update(value_json='"Eve"')
    assert "is not the one" in first_problem()

    PersonalValue.objects.all().delete()
    assert verify().is_intact


def test_the_command_ends_with_1_when_the_ledger_is_broken(ana, capsys):
    with triggers.lifted():
        Entry.objects.filter(sequence=1).update(verb="person.promoted")

    with pytest.raises(SystemExit) as ended:
        call_command("verify_ledger", "--json")

    told = json.loads(capsys.readouterr().out)
    assert ended.value.code == 1
    assert not told["intact"]
    assert told["problems"][0]["sequence"] == 1


def test_the_command_tells_how_many_entries_are_not_sealed(ana, capsys):
    call_command("verify_ledger")

    assert "2 entries not yet sealed" in capsys.readouterr().out


def test_the_root_over_three_leaves_is_the_one_worked_out_by_hand():
    leaves = [sha256(letter).hexdigest() for letter in (b"a", b"b", b"c")]
    a, b, c = (sha256(b"\x00" + bytes.fromhex(leaf)).digest() for leaf in leaves)

    by_hand = sha256(b"\x01" + sha256(b"\x01" + a + b).digest() + c).hexdigest()

    assert MerkleTree(leaves).root() == by_hand
