"""Recomputing the ledger from its rows: every hash, every chain, every seal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from revops.ledger.chain import GENESIS, MerkleTree, checkpoint_hash, commitment, entry_hash
from revops.ledger.models import Checkpoint, Entry, EntryRelation, PersonalValue
from revops.ledger.operations import payload_of

CHUNK = 10_000


@dataclass
class Report:
    """What a verification found."""

    entries: int = 0
    subjects: int = 0
    checkpoints: int = 0
    unsealed: int = 0
    problems: list[dict[str, Any]] = field(default_factory=list)

    @property
    def is_intact(self) -> bool:
        return not self.problems

    def broken(self, sentence: str, entry: Entry | None = None, **facts: Any) -> None:
        if entry is not None:
            facts |= {
                "entry": entry.pk,
                "subject": f"{entry.subject_type} {entry.subject_id}",
                "sequence": entry.sequence,
                "verb": entry.verb,
            }
        self.problems.append({"sentence": sentence, **facts})


def verify(*, most: int = 20) -> Report:
    """Recompute everything; stop naming problems after the first `most`.

    Reads the table twice in the order of an index and keeps nothing in memory.
    """
    report = Report()
    for problem_check in (verify_chains, verify_seals, verify_personal_values):
        problem_check(report)
    del report.problems[most:]
    return report


def verify_chains(report: Report) -> None:
    """Each entry's hash, and that each follows the one before it on its subject."""
    subject, sequence, previous_hash, is_broken = ("", 0), 0, GENESIS, False
    rows = Entry.objects.order_by("subject_type", "subject_id", "sequence")
    for entry in rows.iterator(chunk_size=CHUNK):
        report.entries += 1
        if (entry.subject_type, entry.subject_id) != subject:
            subject = (entry.subject_type, entry.subject_id)
            sequence, previous_hash, is_broken = 0, GENESIS, False
            report.subjects += 1
        if not is_broken:
            if entry.sequence != sequence + 1:
                report.broken(
                    f"{entry} should be number {sequence + 1} of its subject: "
                    "an entry before it is gone.",
                    entry,
                )
                is_broken = True
            elif entry.previous_hash != previous_hash:
                report.broken(f"{entry} does not follow the entry before it.", entry)
                is_broken = True
            elif entry.hash != entry_hash(entry.previous_hash, payload_of(entry)):
                report.broken(f"{entry} was changed after it was written.", entry)
                is_broken = True
        sequence, previous_hash = entry.sequence, entry.hash


def verify_seals(report: Report) -> None:
    """Each checkpoint over the entries as they are, and the relations against the entries."""
    seals = iter(Checkpoint.objects.order_by("number"))
    seal = next(seals, None)
    tree, number, previous_hash = MerkleTree(), 0, GENESIS
    relations = related_by_entry()
    related = next(relations, None)
    rows = Entry.objects.order_by("pk").values_list("pk", "hash", "facts_json")
    for pk, hash, facts in rows.iterator(chunk_size=CHUNK):
        while seal and pk > seal.last_entry_id:
            verify_seal(report, seal, tree, number + 1, previous_hash)
            number, previous_hash, tree = seal.number, seal.hash, MerkleTree()
            seal = next(seals, None)
        if seal:
            tree.add(hash)
        else:
            report.unsealed += 1
        while related and related[0] < pk:
            report.broken(f"A relation names entry {related[0]}, which is not there.")
            related = next(relations, None)
        found: list[list[Any]] = []
        if related and related[0] == pk:
            found, related = related[1], next(relations, None)
        declared = json.loads(facts).get("related", []) if '"related":' in facts else []
        if sorted(declared) != sorted(found):
            report.broken(
                f"Entry {pk} names other related records than the index of timelines.",
                related=found,
            )
    while seal:
        verify_seal(report, seal, tree, number + 1, previous_hash)
        number, previous_hash, tree = seal.number, seal.hash, MerkleTree()
        seal = next(seals, None)


def related_by_entry() -> Iterator[tuple[int, list[list[Any]]]]:
    rows = EntryRelation.objects.order_by("entry_id").values_list(
        "entry_id", "subject_type", "subject_id"
    )
    current = 0
    found: list[list[Any]] = []
    for entry_id, kind, number in rows.iterator(chunk_size=CHUNK):
        if entry_id != current:
            if found:
                yield current, found
            current, found = entry_id, []
        found.append([kind, number])
    if found:
        yield current, found


def verify_seal(
    report: Report, seal: Checkpoint, tree: MerkleTree, number: int, previous_hash: str
) -> None:
    report.checkpoints += 1
    facts: dict[str, Any] = {"checkpoint": seal.number}
    if seal.number != number or seal.previous_hash != previous_hash:
        report.broken(f"Checkpoint {seal.number} does not follow the one before it.", **facts)
    elif seal.entry_count != tree.count:
        report.broken(
            f"Checkpoint {seal.number} sealed {seal.entry_count} entries; {tree.count} are there.",
            **facts,
        )
    elif seal.merkle_root != tree.root():
        report.broken(
            f"The entries under checkpoint {seal.number} are not those it sealed.", **facts
        )
    elif seal.hash != checkpoint_hash(
        seal.previous_hash,
        number=seal.number,
        first_entry_id=seal.first_entry_id,
        last_entry_id=seal.last_entry_id,
        entry_count=seal.entry_count,
        merkle_root=seal.merkle_root,
        sealed_at=seal.sealed_at,
    ):
        report.broken(f"Checkpoint {seal.number} was changed after it was made.", **facts)


def verify_personal_values(report: Report) -> None:
    """What is still kept of personal values is what the ledger committed to."""
    rows = PersonalValue.objects.select_related("entry").order_by("entry_id")
    for value in rows.iterator(chunk_size=CHUNK):
        stated = value.entry.facts.get("personal", {}).get(value.field)
        if stated != commitment(value.salt, value.value_json):
            report.broken(
                f"The kept {value.field} is not the one {value.entry} committed to.", value.entry
            )
