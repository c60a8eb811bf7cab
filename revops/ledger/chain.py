"""The arithmetic of the ledger: pure, so that an auditor can repeat it offline.

An entry's payload is canonical JSON of its columns; its hash is SHA-256 over the hash of the
entry before it on the same subject, a line feed, and the payload. A checkpoint hashes a Merkle
root over the hashes of all entries since the last checkpoint, in the order of their ids.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from revops.canonical import canonical_json, moment_text

GENESIS = "0" * 64

Subject = tuple[str, int]


def facts_json(
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    why: str = "",
    related: Sequence[Subject] = (),
    personal: Mapping[str, str] | None = None,
    spell: Callable[[Any], str] = canonical_json,
) -> str:
    """Return the stored facts of an entry as canonical JSON; what is empty is left out.

    `related` are kinds and numbers; `personal` are commitments, never the values themselves.
    A loader of many entries may `spell` them faster, to the same text.
    """
    facts: dict[str, Any] = {}
    if before:
        facts["before"] = before
    if after:
        facts["after"] = after
    if why:
        facts["why"] = why
    if related:
        facts["related"] = sorted(related)
    if personal:
        facts["personal"] = personal
    return spell(facts)


def entry_payload(
    *,
    subject: Subject,
    sequence: int,
    verb: str,
    actor_id: int | None,
    on_behalf_of_id: int | None,
    via: str,
    at: datetime,
    facts: str,
) -> str:
    """Return the canonical JSON that an entry's hash is computed over; `facts` is JSON already."""
    kind, number = subject
    return (
        f'{{"actor":{number_text(actor_id)},"at":"{moment_text(at)}","facts":{facts},'
        f'"on_behalf_of":{number_text(on_behalf_of_id)},"sequence":{sequence},'
        f'"subject":[{json.dumps(kind)},{number}],'
        f'"verb":{json.dumps(verb)},"via":{json.dumps(via)}}}'
    )


def number_text(number: int | None) -> str:
    return "null" if number is None else str(number)


def entry_hash(previous_hash: str, canonical_payload: str) -> str:
    """Return the hash of an entry that follows `previous_hash` (GENESIS for the first)."""
    return sha256(f"{previous_hash}\n{canonical_payload}".encode()).hexdigest()


def commitment(salt: str, value_json: str) -> str:
    """Return what stands in the ledger for a personal value; nothing without its salt."""
    return sha256(f"{salt}\n{value_json}".encode()).hexdigest()


class MerkleTree:
    """A Merkle root over any number of hashes, in memory that grows with their logarithm.

    Leaves and nodes are hashed apart; a node without a partner rises as it is.
    """

    def __init__(self, leaves: Iterable[str] = ()) -> None:
        self.count = 0
        self._peaks: list[tuple[int, bytes]] = []
        for leaf in leaves:
            self.add(leaf)

    def add(self, leaf: str) -> None:
        self.count += 1
        level, node = 0, sha256(b"\x00" + bytes.fromhex(leaf)).digest()
        while self._peaks and self._peaks[-1][0] == level:
            node = sha256(b"\x01" + self._peaks.pop()[1] + node).digest()
            level += 1
        self._peaks.append((level, node))

    def root(self) -> str:
        if not self._peaks:
            return GENESIS
        node = self._peaks[-1][1]
        for _, left in reversed(self._peaks[:-1]):
            node = sha256(b"\x01" + left + node).digest()
        return node.hex()


def checkpoint_hash(
    previous_hash: str,
    *,
    number: int,
    first_entry_id: int,
    last_entry_id: int,
    entry_count: int,
    merkle_root: str,
    sealed_at: datetime,
) -> str:
    """Return the hash of a checkpoint that follows `previous_hash`."""
    payload = canonical_json(
        {
            "number": number,
            "first": first_entry_id,
            "last": last_entry_id,
            "count": entry_count,
            "root": merkle_root,
            "sealed_at": sealed_at,
        }
    )
    return sha256(f"{previous_hash}\n{payload}".encode()).hexdigest()
