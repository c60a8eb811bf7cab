"""How what the ledger keeps of quotes and approvals reads on a deal's timeline."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.urls import reverse

from dealdesk.mails import role_words
from dealdesk.models import ApprovalRequest, ApprovalSlot, Decision
from dealdesk.wording import listed, money_text, percent_text
from pipeline.registry import Story
from revops.company.models import Company
from revops.people.models import User

if TYPE_CHECKING:
    from revops.ledger.models import Entry

HIDDEN = frozenset({"approval.link_sent", "approval.mistyped"})
"""Entries that no reader of a deal needs."""

ENDED = {
    "approval.recalled": ("recalled the request", "undo-2", ""),
    "approval.expired": ("let the request expire", "timer-off", "warn"),
    "approval.checked": ("went through legal's checklist", "list-checks", ""),
    "approval.carried": ("answered their other step with it", "copy-check", "good"),
    "approval.counter_accepted": ("accepted the counter-offer", "handshake", "good"),
    "approval.counter_declined": ("declined the counter-offer", "circle-x", ""),
    "approval.counter_withdrawn": ("took the counter-offer back", "undo-2", "warn"),
    "approval.lapsed": ("let the approval lapse: it was not used in time", "timer-off", "warn"),
    "approval.superseded": ("ended the request", "layers", ""),
    "approval.rejected": ("ended the request: rejected", "circle-x", "bad"),
    "approval.returned": ("ended the round", "corner-up-left", "warn"),
    "approval.revoked": ("ended the approval", "undo-2", "warn"),
    "approval.commented": ("commented on the request", "message-square", ""),
    "approval.asked_back": ("asked a question before deciding", "circle-question-mark", ""),
    "approval.answered": ("answered the question", "reply", ""),
    "approval.claimed": ("is on it", "hand", ""),
    "approval.released": ("is no longer on it", "hand", ""),
    "approval.reminded": ("reminded who has not answered", "bell-ring", ""),
    "approval.nudged": ("nudged everybody who has not answered", "bell-ring", ""),
    "approval.condition_met": ("met a condition of the approval", "circle-check", "good"),
    "approval.cover_lost": ("lost the approval of these terms", "shield-off", "bad"),
}


DECIDED = {
    Decision.Verdict.APPROVED: ("approved", "circle-check", "good"),
    Decision.Verdict.REJECTED: ("rejected", "circle-x", "bad"),
    Decision.Verdict.RETURNED: ("returned it for changes", "corner-up-left", "warn"),
}


def tell_quotes(entries: Sequence[Entry], user: User) -> Mapping[int, Story]:
    return {entry.pk: QUOTES.get(entry.verb, plainly)(entry) for entry in entries}


def tell_approvals(entries: Sequence[Entry], user: User) -> Mapping[int, Story]:
    """The entries on requests, slots and decisions; three queries for all of them."""
    shown = [entry for entry in entries if entry.verb not in HIDDEN]
    people = User.objects.in_bulk({slot for entry in shown for slot in persons(entry)})
    requests = requests_of(shown)
    return {entry.pk: approval(entry, people, requests.get(entry.pk)) for entry in shown}


def plainly(entry: Entry) -> Story:
    noun, _, verb = entry.verb.partition(".")
    return Story(f"{verb.replace('_', ' ')} the {noun}", icon="file-text")


# Quotes


def created(entry: Entry) -> Story:
    return Story(f"made quote r{entry.after.get('revision')}", "file-plus", url=quote_url(entry))


def revised(entry: Entry) -> Story:
    return Story(
        f"began revision r{entry.after.get('revision')}", "file-plus", url=quote_url(entry)
    )


def saved(entry: Entry) -> Story:
    """A changed draft, with the figures that moved."""
    currency = str(entry.after.get("currency", ""))
    changes = []
    for name, label, text in (
        ("net", "Net", lambda value: money(value, currency)),
        ("discount_percent", "Discount", percent),
        ("term_months", "Months", plain_text),
        ("payment_terms", "Payment", plain_text),
        ("billing", "Billing", plain_text),
    ):
        was, now = entry.before.get(name), entry.after.get(name)
        if was != now:
            changes.append((label, text(was), text(now)))
    revision = entry.after.get("revision")
    return Story(f"changed quote r{revision}", "pencil", changes=changes, url=quote_url(entry))


def made_primary(entry: Entry) -> Story:
    lost = bool(entry.after.get("lost"))
    sentence = "made another quote the primary" + (", and gave up its approval" if lost else "")
    return Story(sentence, "star", "warn" if lost else "", url=quote_url(entry))


def submitted(entry: Entry) -> Story:
    facts = entry.after
    roles = [] if facts.get("route") == "automatic" else str(facts.get("route")).split("+")
    asked = listed(role_words(role) for role in roles) or "nobody: it is approved at once"
    return Story(
        f"submitted the quote; asked: {asked}",
        "send",
        body=entry.why,
        url=request_url(entry.subject_id),
    )


QUOTES: dict[str, Callable[[Entry], Story]] = {
    "quote.created": created,
    "quote.revised": revised,
    "quote.saved": saved,
    "quote.made_primary": made_primary,
    "quote.submitted": submitted,
    "quote.redline_added": lambda entry: Story("attached redlines", "file-diff"),
    "quote.redline_removed": lambda entry: Story("took redlines off", "file-x"),
    "quote.imported": lambda entry: Story("brought in the quote", "download"),
}


# Approvals


def approval(entry: Entry, people: Mapping[int, User], request: int | None) -> Story:
    url = request_url(request) if request else ""
    facts = entry.after
    if entry.verb == "approval.decided":
        said, icon, tone = DECIDED[Decision.Verdict(facts.get("verdict", ""))]
        return Story(
            f"{said} as {role_words(str(facts.get('role')))}",
            icon,
            tone,
            body=entry.why,
            url=url,
        )
    if entry.verb == "approval.countered":
        changes = [(row[0], row[1], row[2]) for row in facts.get("changes", [])]
        return Story("made a counter-offer", "arrow-right-left", "warn", changes=changes, url=url)
    if entry.verb == "approval.approved":
        how = "was approved at once" if facts.get("automatic") else "completed the approval"
        return Story(how, "shield-check", "good", url=url)
    if entry.verb == "approval.bypassed":
        sentence = "let the request pass without its approvers"
        return Story(sentence, "shield-off", "override", body=entry.why, url=url)
    if entry.verb == "approval.consumed":
        return Story("used the approval for the win", "badge-check", "good", url=url)
    if entry.verb == "approval.decision_revoked":
        return Story("took the approval back", "undo-2", "warn", body=entry.why, url=url)
    if entry.verb in ("approval.asked", "approval.added", "approval.reassigned"):
        asked = entry.verb != "approval.reassigned"
        person = people.get(facts.get("person" if asked else "from", 0))
        name = person.name if person else "somebody"
        sentence = f"asked {name}" if asked else f"no longer asks {name}"
        return Story(sentence, "user-plus" if asked else "user-minus", body=entry.why, url=url)
    sentence, icon, tone = ENDED.get(entry.verb, (plainly(entry).sentence, "circle-dot", ""))
    return Story(sentence, icon, tone, body=entry.why, url=url)


def persons(entry: Entry) -> list[int]:
    return [n for n in (entry.after.get("person"), entry.after.get("from")) if isinstance(n, int)]


def requests_of(entries: Sequence[Entry]) -> dict[int, int]:
    """The request behind each entry, whether it is on the request, a slot or a decision."""
    slots = {e.subject_id for e in entries if e.subject_type == name_of(ApprovalSlot)}
    decisions = {e.subject_id for e in entries if e.subject_type == name_of(Decision)}
    by_slot = dict(ApprovalSlot.objects.filter(pk__in=slots).values_list("pk", "step__request"))
    by_decision = dict(
        Decision.objects.filter(pk__in=decisions).values_list("pk", "slot__step__request")
    )
    found: dict[int, int | None] = {}
    for entry in entries:
        if entry.subject_type == name_of(ApprovalRequest):
            found[entry.pk] = entry.subject_id
        elif entry.subject_type == name_of(ApprovalSlot):
            found[entry.pk] = by_slot.get(entry.subject_id)
        else:
            found[entry.pk] = by_decision.get(entry.subject_id)
    return {pk: request for pk, request in found.items() if request}


def name_of(model: Any) -> str:
    return str(model._meta.model_name)


# Questions to the desk


THREADS = {
    "thread.asked": ("asked the desk", "message-circle-question-mark"),
    "thread.asked_on": ("wrote to the desk", "message-circle-question-mark"),
    "thread.answered": ("answered for the desk", "reply"),
    "thread.handed_on": ("handed the question to a colleague at the desk", "user-plus"),
    "thread.closed": ("closed the question to the desk", "check"),
}


def tell_threads(entries: Sequence[Entry], user: User) -> Mapping[int, Story]:
    return {entry.pk: thread(entry) for entry in entries}


def thread(entry: Entry) -> Story:
    sentence, icon = THREADS.get(entry.verb, (plainly(entry).sentence, "circle-dot"))
    return Story(sentence, icon, url=reverse("dealdesk:thread-detail", args=[entry.subject_id]))


# Grants

GRANTS = {
    "grant.given": ("lent authority under grant G-{pk}", "key-round", ""),
    "grant.used": ("used grant G-{pk}: {amount} of discount", "key-round", ""),
    "grant.returned": ("gave back what grant G-{pk} was used for", "undo-2", ""),
    "grant.revoked": ("took grant G-{pk} back", "undo-2", "warn"),
}


def tell_grants(entries: Sequence[Entry], user: User) -> Mapping[int, Story]:
    return {entry.pk: granted(entry) for entry in entries}


def granted(entry: Entry) -> Story:
    sentence, icon, tone = GRANTS.get(entry.verb, (plainly(entry).sentence, "circle-dot", ""))
    amount = money(entry.after.get("amount"), Company.get().currency)
    said = sentence.format(pk=entry.subject_id, amount=amount)
    url = reverse("dealdesk:grant-detail", args=[entry.subject_id])
    return Story(said, icon, tone, body=entry.why, url=url)


# Words


def quote_url(entry: Entry) -> str:
    return reverse("dealdesk:quote-detail", args=[entry.subject_id])


def request_url(number: int) -> str:
    return reverse("dealdesk:request-detail", args=[number])


def money(value: Any, currency: str) -> str:
    return money_text(Decimal(str(value)), currency) if value is not None else ""


def percent(value: Any) -> str:
    return percent_text(Decimal(str(value))) if value is not None else ""


def plain_text(value: Any) -> str:
    return "" if value is None else str(value)
