"""Personal links in mails: one token is one slot, one person, one attempt.

The row holds a nonce and the hash of the token; the token is HMAC(server key, nonce) and is
derived when a mail is delivered. Opening a link changes nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.crypto import salted_hmac

from dealdesk.models import ApprovalLink, ApprovalRequest, ApprovalSlot
from revops.people.models import User
from revops.refusals import Conflict

KIND = "approval"
"""What links of notifications begin with: "approval:<number of the link>"."""

LIFETIME = timedelta(days=7)
SALT = "dealdesk.approval-link"


class LinkKind(StrEnum):
    """What a link leads to now."""

    LIVE = "live"
    USED = "used"
    DECIDED = "decided"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    CHANGED = "changed"
    CLOSED = "closed"
    MISTYPED = "mistyped"
    NOT_ELIGIBLE = "not_eligible"
    UNKNOWN = "unknown"


SENTENCES = {
    LinkKind.LIVE: "",
    LinkKind.USED: "You have decided by this link already.",
    LinkKind.DECIDED: "You have decided this already.",
    LinkKind.EXPIRED: "This link is older than seven days.",
    LinkKind.SUPERSEDED: "A newer link was sent to you. Only the newest one opens.",
    LinkKind.CHANGED: "This link ended when the password or the approver changed.",
    LinkKind.CLOSED: "This approval is no longer waiting for you.",
    LinkKind.MISTYPED: "The discount was typed wrongly too often, so this link ended.",
    LinkKind.NOT_ELIGIBLE: "This link belongs to somebody who no longer decides here.",
    LinkKind.UNKNOWN: "This link is not known. Open the newest mail.",
}


class Killed(StrEnum):
    """Why a link ended before its time."""

    DECIDED = "decided"
    NOT_NEEDED = "not_needed"
    RECALLED = "recalled"
    SUPERSEDED = "superseded"
    REASSIGNED = "reassigned"
    MISTYPED = "mistyped"
    ENDED = "ended"


FRESH = (LinkKind.EXPIRED, LinkKind.SUPERSEDED, LinkKind.CHANGED, LinkKind.MISTYPED)
"""Dead links whose addressee may be sent a fresh one."""


@dataclass(frozen=True)
class LinkOutcome:
    """Where a token leads. Only a live link may show what is to be decided."""

    kind: LinkKind
    slot: ApprovalSlot | None = None
    link: ApprovalLink | None = None

    @property
    def is_live(self) -> bool:
        return self.kind is LinkKind.LIVE

    @property
    def sentence(self) -> str:
        return SENTENCES[self.kind]

    @property
    def may_ask_fresh(self) -> bool:
        """A dead link to an open slot: its addressee may be sent a fresh one."""
        return (
            self.kind in FRESH
            and self.slot is not None
            and self.slot.is_open
            and self.slot.person.can_be_mailed
        )


# Tokens


def token_of(nonce: str, key: str) -> str:
    digest = salted_hmac(SALT, nonce, secret=key, algorithm="sha256").digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def derive_token(link: ApprovalLink) -> str:
    """Return the token of a link. Raises LookupError when the key it was made with is gone."""
    for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        token = token_of(link.nonce, key)
        if hmac.compare_digest(token_hash(token), link.token_hash):
            return token
    raise LookupError(f"The key of link {link.pk} is no longer known.")


def derive_path(number: int) -> str:
    """Return the path of a link, for the mail that carries it."""
    return link_path(derive_token(ApprovalLink.objects.get(pk=number)))


REPLY = "reply"
REPLY_SALT = "dealdesk.approval-reply"


def reply_token(nonce: str, key: str) -> str:
    """In small letters and digits: mail programs do not keep the case of an address."""
    return salted_hmac(REPLY_SALT, nonce, secret=key, algorithm="sha256").hexdigest()[:40]


def reply_address(number: int) -> str:
    """Where an answer to the mail of this link goes; "" while no mail is received here."""
    if not settings.REPLY_DOMAIN:
        return ""
    link = ApprovalLink.objects.only("nonce").get(pk=number)
    token = reply_token(link.nonce, settings.SECRET_KEY)
    return f"{REPLY}+{number}.{token}@{settings.REPLY_DOMAIN}"


def link_of_reply(addresses: Iterable[str]) -> ApprovalLink | None:
    """The link whose mail was answered at one of these addresses; None when there is none."""
    for address in addresses:
        local, _, domain = address.strip().lower().rpartition("@")
        number, _, token = local.removeprefix(f"{REPLY}+").partition(".")
        if domain != settings.REPLY_DOMAIN.lower() or not number.isdecimal() or len(number) > 18:
            continue
        link = ApprovalLink.objects.select_related("slot__person", "slot__step__request")
        found = link.filter(pk=int(number)).first()
        if found is not None and is_reply_token(found, token):
            return found
    return None


def is_reply_token(link: ApprovalLink, token: str) -> bool:
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    said = token.encode(errors="replace")
    return any(hmac.compare_digest(reply_token(link.nonce, key).encode(), said) for key in keys)


def link_path(token: str) -> str:
    return reverse("dealdesk:approval-link", args=[token])


def credential_of(person: User) -> str:
    """A mark that changes with the person's password, and tells nothing about it."""
    return hashlib.sha256(f"{SALT}:{person.pk}:{person.password}".encode()).hexdigest()[:16]


# Writing, within the caller's transaction


def issue(slot: ApprovalSlot, *, at: datetime) -> ApprovalLink:
    """Give an open slot a fresh link; the one it had ends."""
    kill([slot], why=Killed.SUPERSEDED, at=at)
    nonce = secrets.token_urlsafe(32)
    return ApprovalLink.objects.create(
        slot=slot,
        nonce=nonce,
        token_hash=token_hash(token_of(nonce, settings.SECRET_KEY)),
        credential=credential_of(slot.person),
        issued_at=at,
        expires_at=at + LIFETIME,
    )


def kill(slots: Iterable[ApprovalSlot], *, why: Killed, at: datetime) -> int:
    """End every live link of these slots."""
    return (
        live()
        .filter(slot__in=[slot.pk for slot in slots])
        .update(killed_at=at, killed_why=why.value)
    )


def consume(link: ApprovalLink, *, at: datetime) -> None:
    """Use a link up. Raises Conflict unless it is still live: exactly one POST wins."""
    used = live().filter(pk=link.pk, expires_at__gt=at).update(consumed_at=at)
    if used != 1:
        raise Conflict(
            "This link has been used or replaced. Open the newest mail.", code="link_used"
        )


def live() -> QuerySet[ApprovalLink]:
    return ApprovalLink.objects.filter(consumed_at=None, killed_at=None)


# Reading


def open_link(token: str, at: datetime) -> LinkOutcome:
    """Say where a token leads. Writes nothing, whoever or whatever opens it, however often."""
    link = (
        ApprovalLink.objects.select_related(
            "slot__person", "slot__step__request__quote__deal__account"
        )
        .filter(token_hash=token_hash(token))
        .first()
    )
    if link is None:
        return LinkOutcome(LinkKind.UNKNOWN)
    return LinkOutcome(kind_of(link, at), link.slot, link)


def kind_of(link: ApprovalLink, at: datetime) -> LinkKind:
    slot = link.slot
    if link.consumed_at:
        return LinkKind.USED
    if slot.state in ApprovalSlot.DECIDED:
        return LinkKind.DECIDED
    if not slot.is_open or slot.step.request.status != ApprovalRequest.Status.PENDING:
        return LinkKind.CLOSED
    if not slot.person.can_be_mailed:
        return LinkKind.NOT_ELIGIBLE
    if link.killed_at:
        newer = link.killed_why == Killed.SUPERSEDED
        if link.killed_why == Killed.MISTYPED:
            return LinkKind.MISTYPED
        return LinkKind.SUPERSEDED if newer else LinkKind.CHANGED
    if link.credential != credential_of(slot.person):
        return LinkKind.CHANGED
    if at >= link.expires_at:
        return LinkKind.EXPIRED
    return LinkKind.LIVE
