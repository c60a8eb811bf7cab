"""What a mail that answers an approval says: nothing here reads a database or a clock."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

QUOTED = re.compile(r"^\s*(>|On .{4,200} wrote:\s*$|-{2,}\s*Original Message|_{8,}|From: )", re.I)
VERDICTS = {
    "approve": "approved",
    "approved": "approved",
    "reject": "rejected",
    "rejected": "rejected",
    "return": "returned",
    "returned": "returned",
}
COMMAND = re.compile(rf"\s*({'|'.join(VERDICTS)})\b\s*[:,.!-]?\s*(.*)$", re.I)
LONGEST = 3500


@dataclass(frozen=True)
class ReceivedMail:
    """A mail as a service handed it over; `is_authenticated`: it vouches for the sender."""

    message_id: str
    sender: str
    recipients: tuple[str, ...]
    text: str
    is_authenticated: bool = False
    is_automatic: bool = False


@dataclass(frozen=True)
class Answer:
    """What the first line says: no verdict where it is none. `words` are the whole answer."""

    verdict: str
    reason: str
    words: str = field(default="")


def plain(text: str) -> str:
    """A text as a database keeps it: without NUL, and without what was no letter."""
    return text.replace("\x00", "").encode(errors="replace").decode()


def plainly(mail: ReceivedMail) -> ReceivedMail:
    words = (plain(text) for text in (mail.message_id, mail.sender, mail.text))
    message_id, sender, text = words
    return replace(mail, message_id=message_id, sender=sender, text=text)


def own_words(text: str) -> str:
    """What was written above the mail that is answered."""
    lines = []
    for line in text.replace("\r\n", "\n").split("\n"):
        if QUOTED.match(line):
            break
        lines.append(line.rstrip())
    return "\n".join(lines).strip()[:LONGEST]


def read_answer(text: str) -> Answer:
    """Read "approve", "approve: well earned" or "reject: too much" off the first line.

    An approval says nothing else on its line but a reason after a colon: "approve if they prepay"
    is a wish, and no decision.
    """
    words = own_words(text)
    first, _, rest = words.partition("\n")
    found = COMMAND.fullmatch(first)
    if not found:
        return Answer("", "", words)
    verdict, reason = VERDICTS[found[1].lower()], found[2].strip()
    bare = first.strip().lower().rstrip(".!")
    if verdict == "approved" and bare not in VERDICTS and not re.match(r"\s*\w+\s*:", first):
        return Answer("", "", words)
    more = "\n".join(filter(None, (reason, rest.strip())))
    return Answer(verdict, more if verdict != "approved" else reason, words)


# Whether the service vouches for the sender


def is_vouched_for(results: list[str], authserv: str, sender: str) -> bool:
    """Whether the topmost Authentication-Results of the trusted service passes for the sender.

    DMARC covers the domain people see. Without it DKIM or SPF must have passed for that very
    domain. A header that the sender wrote bears another name, or stands below the service's own.
    """
    domain = sender.rpartition("@")[2].lower()
    if not authserv or not domain:
        return False
    for header in results:
        name, _, said = header.partition(";")
        if name.strip().split(" ")[0].lower() != authserv.lower():
            continue
        return passes(said.lower(), domain)
    return False


ASIDE = re.compile(r'"(?:\\.|[^"\\])*(?:"|$)|\([^()]*(?:\)|$)')
"""Quoted strings and comments: in them a stranger may write anything."""


def passes(said: str, domain: str) -> bool:
    methods = [part.strip() for part in ASIDE.sub("", said).split(";")]
    if any(part.startswith("dmarc=") for part in methods):
        return any(part.startswith("dmarc=pass") and from_is(part, domain) for part in methods)
    dkim = rf"dkim=pass\b.*\bheader\.[di]=@?{re.escape(domain)}(\s|$)"
    spf = rf"spf=pass\b.*\bsmtp\.mailfrom=(\S+@)?{re.escape(domain)}(\s|$)"
    return any(re.match(dkim, part) or re.match(spf, part) for part in methods)


def from_is(part: str, domain: str) -> bool:
    named = re.search(r"\bheader\.from=(\S+)", part)
    return named is None or named[1].rpartition("@")[2] == domain
