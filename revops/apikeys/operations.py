"""Making and revoking tokens, and the keys that keep a request from happening twice."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from django.db import transaction

from revops.apikeys.models import IdempotencyKey, Token
from revops.ledger.operations import record
from revops.people.actor import Actor
from revops.people.models import User
from revops.people.permissions import check_can_administer
from revops.refusals import Conflict, NotAllowed, Refused

PREFIX = "ddk_"
SEEN_EVERY = timedelta(hours=1)
KEPT = timedelta(hours=24)
AT_WORK = timedelta(minutes=2)


def hash_of(token: str) -> str:
    """A token has 256 random bits: nobody guesses it from a hash without salt."""
    return sha256(token.encode()).hexdigest()


@dataclass(frozen=True)
class NewToken:
    """A token as it is shown once."""

    row: Token
    secret: str


@transaction.atomic(durable=True)
def create_token(*, person: User, name: str = "", by: Actor, at: datetime) -> NewToken:
    """Make a key to the API for somebody who may sign in. Its owner and RevOps may."""
    check_is_theirs(person, by=by)
    if not (person.is_active and person.admitted_at):
        raise Refused(f"{person.name} may not sign in, so there is no token for them.")
    secret = PREFIX + secrets.token_urlsafe(32)
    row = Token.objects.create(
        person=person,
        name=name.strip(),
        token_hash=hash_of(secret),
        hint=secret[:10],
        created_at=at,
        created_by=by.user,
    )
    record("token.created", row, by=by, at=at, after={"person": person.pk}, related=[person])
    return NewToken(row, secret)


@transaction.atomic(durable=True)
def revoke_token(*, token: Token, by: Actor, at: datetime) -> Token:
    """End a token at once and for good."""
    token = Token.objects.select_for_update().select_related("person").get(pk=token.pk)
    check_is_theirs(token.person, by=by)
    if token.revoked_at:
        raise Conflict("This token is revoked already.", code="already_revoked")
    token.revoked_at, token.revoked_by = at, by.user
    token.save(update_fields=["revoked_at", "revoked_by"])
    record("token.revoked", token, by=by, at=at, related=[token.person])
    return token


def check_is_theirs(person: User, *, by: Actor) -> None:
    """Raise NotAllowed unless `by` is that person, RevOps or the system."""
    if by.user != person:
        check_can_administer(by)


@transaction.atomic(durable=True)
def note_use(*, token: Token, by: Actor, at: datetime) -> bool:
    """Note that a token is in use, once an hour: a write for each request would cost too much."""
    if token.last_used_at and at - token.last_used_at < SEEN_EVERY:
        return False
    known = Token.objects.filter(pk=token.pk, last_used_at=token.last_used_at)
    return bool(known.update(last_used_at=at))


# Requests that must not happen twice


@transaction.atomic(durable=True)
def claim_key(
    *, key: str, path: str, request_hash: str, by: Actor, at: datetime
) -> tuple[IdempotencyKey, bool]:
    """Claim a key for one request; (row, False) when that very request was answered before.

    Raises Refused for a key that another request used, and Conflict while the first one is at
    work or when it never answered: then what it did is not known, and it is not done again.
    """
    if by.user is None:
        raise NotAllowed("Sign in first.")
    facts = {
        "path": path,
        "request_hash": request_hash,
        "claimed_at": at,
        "expires_at": at + KEPT,
    }
    row, is_new = IdempotencyKey.objects.get_or_create(person=by.user, key=key, defaults=facts)
    if is_new:
        return row, True
    if at >= row.expires_at:
        return renew(row, facts), True
    if (row.path, row.request_hash) != (path, request_hash):
        raise Refused(
            "This Idempotency-Key was used for another request. Take a new one.", code="key_reused"
        )
    if row.answered_at is None:
        raise unanswered(row, at)
    return row, False


def renew(row: IdempotencyKey, facts: Mapping[str, object]) -> IdempotencyKey:
    """Take over an expired key; of two requests that try, one does."""
    old = IdempotencyKey.objects.filter(pk=row.pk, claimed_at=row.claimed_at)
    if not old.update(**facts, answered_at=None, status=None, headers={}, body=""):
        raise Conflict("A request with this Idempotency-Key is at work.", code="key_in_use")
    row.refresh_from_db()
    return row


def unanswered(row: IdempotencyKey, at: datetime) -> Conflict:
    if at - row.claimed_at < AT_WORK:
        return Conflict("A request with this Idempotency-Key is at work.", code="key_in_use")
    return Conflict(
        "The first request with this Idempotency-Key never answered. Look whether it happened, "
        "and take a new key to do it again.",
        code="outcome_unknown",
    )


@transaction.atomic(durable=True)
def answer_key(
    *,
    row: IdempotencyKey,
    status: int,
    headers: Mapping[str, str],
    body: str,
    by: Actor,
    at: datetime,
) -> bool:
    """Keep the answer of the request that claimed this key."""
    claimed = IdempotencyKey.objects.filter(
        pk=row.pk, claimed_at=row.claimed_at, answered_at__isnull=True
    )
    return bool(claimed.update(answered_at=at, status=status, headers=dict(headers), body=body))


@transaction.atomic(durable=True)
def sweep_keys(*, at: datetime) -> int:
    """Forget expired keys with the answers kept under them."""
    swept, _ = IdempotencyKey.objects.filter(expires_at__lte=at).delete()
    return swept
