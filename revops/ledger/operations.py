"""Writing the ledger, always within the transaction of the change that it records."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection, models, transaction
from django.db.models import OuterRef, Subquery

from revops.canonical import canonical_json
from revops.ledger.chain import (
    GENESIS,
    MerkleTree,
    Subject,
    checkpoint_hash,
    commitment,
    entry_hash,
    entry_payload,
    facts_json,
)
from revops.ledger.models import Checkpoint, Entry, EntryRelation, PersonalValue
from revops.locks import Lock, lock_exclusively, lock_names
from revops.models import subject_of
from revops.people.actor import Actor, Via

BATCH = 1000
MOST_LOCKS = 500


@dataclass(frozen=True)
class Draft:
    """An entry to be written: what happened to which record, as `record_many` takes it."""

    verb: str
    subject: models.Model | Subject
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    why: str = ""
    related: Sequence[models.Model | Subject] = ()
    personal: Mapping[str, Any] = field(default_factory=dict)
    at: datetime | None = None


def record(
    verb: str,
    subject: models.Model,
    *,
    by: Actor,
    at: datetime,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    why: str = "",
    related: Iterable[models.Model | Subject] = (),
    personal: Mapping[str, Any] | None = None,
) -> Entry:
    """Add one entry to the chain of `subject`, within the caller's transaction.

    `before` and `after` hold ids and facts. Personal values (names, addresses, telephone
    numbers) go into `personal`: the entry carries a salted commitment, and the value lies in a
    table from which it can be erased.
    """
    draft = Draft(verb, subject, before, after, why, tuple(related), personal or {})
    return record_many([draft], by=by, at=at)[0]


def record_many(drafts: Iterable[Draft], *, by: Actor, at: datetime) -> list[Entry]:
    """Add many entries with few statements, within the caller's transaction.

    Several drafts on one subject follow each other in the order given.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError(
            "An entry is written in the transaction of the change it records."
        )
    drafts = list(drafts)
    subjects = [pair(draft.subject) for draft in drafts]
    heads = open_chains(subjects)
    entries: list[Entry] = []
    relations: list[tuple[Entry, Subject]] = []
    values: list[PersonalValue] = []
    for draft, subject in zip(drafts, subjects, strict=True):
        sequence, previous_hash = heads.get(subject, (0, GENESIS))
        related = [other for other in dict.fromkeys(map(pair, draft.related)) if other != subject]
        personal = commit(draft.personal, by)
        entry = Entry(
            subject_type=subject[0],
            subject_id=subject[1],
            sequence=sequence + 1,
            verb=draft.verb,
            actor=by.user,
            on_behalf_of=by.on_behalf_of,
            via=by.via,
            at=draft.at or at,
            facts_json=facts_json(
                before=draft.before,
                after=draft.after,
                why=draft.why,
                related=related,
                personal={
                    value.field: commitment(value.salt, value.value_json) for value in personal
                },
            ),
            previous_hash=previous_hash,
        )
        entry.hash = entry_hash(previous_hash, payload_of(entry))
        heads[subject] = (entry.sequence, entry.hash)
        entries.append(entry)
        relations += [(entry, other) for other in related]
        for value in personal:
            value.entry, value.subject_type, value.subject_id = entry, *subject
        values += personal
    Entry.objects.bulk_create(entries, batch_size=BATCH)
    EntryRelation.objects.bulk_create(
        [
            EntryRelation(entry=entry, subject_type=kind, subject_id=number)
            for entry, (kind, number) in relations
        ],
        batch_size=BATCH,
    )
    for value in values:
        value.entry_id = value.entry.pk
    PersonalValue.objects.bulk_create(values, batch_size=BATCH)
    return entries


def pair(record: models.Model | Subject) -> Subject:
    return subject_of(record) if isinstance(record, models.Model) else record


def commit(personal: Mapping[str, Any], by: Actor) -> list[PersonalValue]:
    """Salted values to commit to; a decision by mail link also keeps where it came from."""
    facts = dict(personal)
    if by.via == Via.LINK and by.ip:
        facts["origin"] = {"ip": by.ip, "agent": by.agent}
    return [
        PersonalValue(field=name, salt=secrets.token_hex(32), value_json=canonical_json(value))
        for name, value in facts.items()
    ]


def payload_of(entry: Entry) -> str:
    """The canonical JSON that the entry's hash is computed over."""
    return entry_payload(
        subject=(entry.subject_type, entry.subject_id),
        sequence=entry.sequence,
        verb=entry.verb,
        actor_id=entry.actor_id,
        on_behalf_of_id=entry.on_behalf_of_id,
        via=entry.via,
        at=entry.at,
        facts=entry.facts_json,
    )


def open_chains(subjects: Iterable[Subject]) -> dict[Subject, tuple[int, str]]:
    """Join the writers of the ledger and return where each subject's chain stands.

    From here to the end of the transaction no checkpoint is made, and nobody else adds to
    these chains. A loader that writes rows by itself calls this first.
    """
    wanted = list(dict.fromkeys(subjects))
    if len(wanted) > MOST_LOCKS:
        # A lock for each would not fit into the server's memory; alone, none is needed.
        lock_exclusively(Lock.LEDGER)
    else:
        names = [f"{kind}:{number}" for kind, number in wanted]
        lock_names(Lock.LEDGER_SUBJECT, names, sharing=Lock.LEDGER)
    if len(wanted) == 1:
        kind, number = wanted[0]
        last = Entry.objects.filter(subject_type=kind, subject_id=number).order_by("-sequence")
        head = last.values_list("sequence", "hash").first()
        return {wanted[0]: head} if head else {}
    heads: dict[Subject, tuple[int, str]] = {}
    numbers: dict[str, list[int]] = {}
    for kind, number in wanted:
        numbers.setdefault(kind, []).append(number)
    latest = (
        Entry.objects.filter(
            subject_type=OuterRef("subject_type"), subject_id=OuterRef("subject_id")
        )
        .order_by("-sequence")
        .values("sequence")[:1]
    )
    for kind, all_numbers in numbers.items():
        for start in range(0, len(all_numbers), BATCH):
            found = Entry.objects.filter(
                subject_type=kind,
                subject_id__in=all_numbers[start : start + BATCH],
                sequence=Subquery(latest),
            )
            for number, sequence, hash in found.values_list("subject_id", "sequence", "hash"):
                heads[kind, number] = (sequence, hash)
    return heads


@transaction.atomic(durable=True)
def seal_checkpoint(*, at: datetime) -> Checkpoint | None:
    """Seal all entries since the last checkpoint; None when there are none.

    Waits for the writers at work, so that nothing can appear later below the sealed ids.
    """
    lock_exclusively(Lock.LEDGER)
    last = Checkpoint.objects.order_by("-number").first()
    unsealed = Entry.objects.filter(pk__gt=last.last_entry_id if last else 0).order_by("pk")
    tree = MerkleTree()
    first_id = last_id = 0
    for pk, hash in unsealed.values_list("pk", "hash").iterator(chunk_size=10_000):
        first_id = first_id or pk
        last_id = pk
        tree.add(hash)
    if not tree.count:
        return None
    facts: dict[str, Any] = {
        "number": last.number + 1 if last else 1,
        "first_entry_id": first_id,
        "last_entry_id": last_id,
        "entry_count": tree.count,
        "merkle_root": tree.root(),
        "sealed_at": at,
    }
    previous_hash = last.hash if last else GENESIS
    return Checkpoint.objects.create(
        **facts, previous_hash=previous_hash, hash=checkpoint_hash(previous_hash, **facts)
    )


@transaction.atomic(durable=True)
def erase_personal_values(*, subject: models.Model, by: Actor, at: datetime) -> int:
    """Forget the personal values kept for `subject`; their commitments stay, and mean nothing."""
    kind, number = subject_of(subject)
    erased, _ = PersonalValue.objects.filter(subject_type=kind, subject_id=number).delete()
    record("personal.erased", subject, by=by, at=at, after={"values": erased})
    return erased
