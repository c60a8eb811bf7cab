"""The ledger of a deal told as a story: verbs become sentences, numbers become names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db.models import Q

from pipeline import registry
from pipeline.addedfields import names_in, shown_words
from pipeline.gates import CRITERION
from pipeline.models import (
    Account,
    Activity,
    Choice,
    Contact,
    Deal,
    DealContact,
    Pipeline,
    Segment,
    Stage,
)
from pipeline.registry import Story
from pipeline.stages import Process, process_by_id
from revops.addresses import moment_mark
from revops.company.fields import fields_of
from revops.frame.formats import day_text, money_text
from revops.frame.shapes import Happening
from revops.ledger.models import VIA_CHOICES, Entry
from revops.people.models import User
from revops.remembering import remembered
from revops.work.models import Attachment, Task

if TYPE_CHECKING:
    from django.db.models import Model

PAGE = 25
VIA = {str(via): label.lower() for via, label in VIA_CHOICES if via not in ("web", "system")}
ELSEWHERE = frozenset({"deal.transferred", "deal.restaged"})
"""Verbs whose stages are not those of the deal's present rules."""
PEOPLE = ("owner", "person", "assignee")
LISTS = {
    "deal_source": Choice.List.SOURCE,
    "loss_reason": Choice.List.LOSS_REASON,
    "reason_key": Choice.List.PUSH_REASON,
}
LONG = frozenset(
    {
        "pain_points",
        "current_solution",
        "timeline",
        "technical_requirements",
        "stakeholder_map",
        "redlines",
    }
)


@dataclass(frozen=True)
class Told:
    """A page of a timeline, and the number after which the next one begins."""

    entries: list[Happening]
    next: str = ""


def timeline_of(record: Model, user: User, *, before: str = "", size: int = PAGE) -> Told:
    """What happened to a deal or an account, newest first, as far as `user` is told."""
    rows = Entry.objects.about(record).select_related("actor", "on_behalf_of")
    if isinstance(record, Account):
        rows = rows.filter(told_of_account(user))
    if mark := moment_mark(before):
        moment, pk = mark
        rows = rows.filter(Q(at__lt=moment) | Q(at=moment, pk__lt=pk))
    page = list(rows[: size + 1])
    shown = page[:size]
    if isinstance(record, Deal):
        remembered(("pipeline of", record.pk), lambda: record.pipeline_id)
    beside = {} if isinstance(record, Deal) else deals_of(shown, user)
    following = f"{shown[-1].at.isoformat()}_{shown[-1].pk}" if len(page) > size else ""
    return Told(tell(shown, user, beside), following)


def deals_of(entries: Sequence[Entry], user: User) -> dict[int, Deal]:
    """The deals that a page which is not theirs must name."""
    found = {entry.subject_id for entry in entries if entry.subject_type == "deal"}
    return Deal.objects.visible_to(user).in_bulk(found) if found else {}


def told_of_account(user: User) -> Q:
    """What an account's page tells: its own facts, and deals only to those who see them."""
    deals = Deal.objects.visible_to(user).order_by().values("pk")
    own = Q(subject_type__in=("account", "contact", "attachment"))
    return own | Q(subject_type="deal", subject_id__in=deals)


def tell(
    entries: Sequence[Entry], user: User, beside: Mapping[int, Deal] | None = None
) -> list[Happening]:
    """The entries as sentences, each noun told in one batch by the app that knows it.

    `beside` names the deals on a page that is not their own.
    """
    nouns: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        noun = entry.verb.partition(".")[0]
        nouns["" if noun in OWN else noun].append(entry)
    tellers = {**registry.storytellers(), "": tell_own}
    stories: dict[int, Story] = {}
    for noun, rows in nouns.items():
        stories |= tellers.get(noun, tell_plainly)(rows, user)
    return [
        happening(entry, stories[entry.pk], beside or {})
        for entry in entries
        if entry.pk in stories
    ]


def happening(entry: Entry, story: Story, beside: Mapping[int, Deal]) -> Happening:
    deal = beside.get(entry.subject_id) if entry.subject_type == "deal" else None
    return Happening(
        sentence=f"{story.sentence}: {deal.name}" if deal else story.sentence,
        at=entry.at,
        by=entry.actor or {"name": "Import" if entry.via == "import" else "Deal desk"},
        icon=story.icon,
        tone=story.tone,
        via=VIA.get(entry.via, ""),
        body=story.body,
        changes=story.changes,
        url=story.url or (deal.get_absolute_url() if deal else ""),
    )


def tell_plainly(entries: Sequence[Entry], user: User) -> dict[int, Story]:
    """The sentence for a verb that nobody has put into words."""
    told = {}
    for entry in entries:
        noun, _, verb = entry.verb.partition(".")
        told[entry.pk] = Story(f"{verb.replace('_', ' ')} the {noun.replace('_', ' ')}")
    return told


# Names for the numbers that entries hold


@dataclass
class Names:
    """Everything that the sentences of one batch call by name."""

    people: dict[int, User] = field(default_factory=dict)
    contacts: dict[int, Contact] = field(default_factory=dict)
    accounts: dict[int, str] = field(default_factory=dict)
    activities: dict[int, Activity] = field(default_factory=dict)
    files: dict[int, Attachment] = field(default_factory=dict)
    tasks: dict[int, Task] = field(default_factory=dict)
    choices: dict[tuple[str, str], str] = field(default_factory=dict)
    process: Process | None = None
    stages: dict[str, str] = field(default_factory=dict)
    pipelines: dict[str, str] = field(default_factory=dict)

    def person(self, pk: Any) -> str:
        found = self.people.get(pk)
        return found.name if found else "somebody"

    def contact(self, pk: Any) -> str:
        found = self.contacts.get(pk)
        return found.name if found else "a contact"

    def stage(self, key: Any) -> str:
        rule = self.process.by_key.get(str(key)) if self.process else None
        if rule:
            return rule.name
        return self.stages.get(str(key), str(key).replace("-", " ").capitalize())

    def choice(self, list_: str, key: Any) -> str:
        return self.choices.get((list_, str(key)), str(key).replace("_", " ").capitalize())

    def item(self, key: Any) -> str:
        key = str(key).removeprefix(CRITERION)
        for rule in self.process.rules if self.process else ():
            labels = {item.key: item.label for item in rule.items}
            labels |= {criterion.key: criterion.label for criterion in rule.criteria}
            if key in labels:
                return labels[key]
        kind = registry.item_kind(key)
        return kind.label if kind else key.replace("_", " ")


def names_for(entries: Sequence[Entry], user: User) -> Names:
    """Read every name that these entries need, in a fixed number of questions."""
    facts = [{**entry.before, **entry.after} for entry in entries]
    both = [side for entry in entries for side in (entry.before, entry.after)]
    names = Names()
    names.people = User.objects.in_bulk(numbers(both, *PEOPLE))
    subjects = {e.subject_id for e in entries if e.subject_type == "contact"}
    contacts = Contact.objects.visible_to(user).in_bulk(numbers(both, "contact") | subjects)
    names.contacts = contacts
    accounts = Account.objects.filter(pk__in=numbers(both, "account", "parent"))
    names.accounts = dict(accounts.values_list("pk", "name"))
    names.activities = Activity.objects.in_bulk(numbers(facts, "activity"))
    files = {e.subject_id for e in entries if e.subject_type == "attachment"}
    names.files = Attachment.objects.in_bulk(files)
    closed = {
        e.subject_id
        for e in entries
        if e.verb in ("task.done", "task.cancelled", "task.reassigned")
    }
    names.tasks = Task.objects.select_related("assignee").in_bulk(closed)
    names.choices = choice_labels()
    if any(entry.verb in ELSEWHERE for entry in entries):
        names.stages = dict(Stage.objects.values_list("key", "name"))
        names.pipelines = dict(Pipeline.objects.values_list("key", "name"))
    deals = [e.subject_id for e in entries if e.subject_type == "deal"]
    if deals:
        pipeline = remembered(("pipeline of", deals[0]), partial(pipeline_of_deal, deals[0]))
        names.process = process_by_id(pipeline) if pipeline else None
    return names


def choice_labels() -> dict[tuple[str, str], str]:
    """The label of every choice by its list and key, of retired ones too."""
    return remembered("choices", read_choice_labels)


def read_choice_labels() -> dict[tuple[str, str], str]:
    rows = Choice.objects.values_list("list", "key", "label")
    return {(list_, key): label for list_, key, label in rows}


def pipeline_of_deal(pk: int) -> int | None:
    return Deal.objects.filter(pk=pk).values_list("pipeline", flat=True).first()


def numbers(facts: Iterable[dict[str, Any]], *keys: str) -> set[int]:
    return {value for each in facts for key in keys if isinstance(value := each.get(key), int)}


# The pipeline's own verbs


def tell_own(entries: Sequence[Entry], user: User) -> dict[int, Story]:
    names = names_for(entries, user)
    told = {}
    for entry in entries:
        teller = TELLERS.get(entry.verb)
        if teller:
            story = teller(entry, names)
        else:
            story = tell_plainly([entry], user)[entry.pk]
        if story:
            told[entry.pk] = story
    return told


def value_text(name: str, value: Any, facts: dict[str, Any], names: Names) -> str:
    """One value of a changed field as a person reads it."""
    if value in (None, "", [], {}):
        return ""
    if name in PEOPLE:
        return names.person(value)
    if name in ("account", "parent"):
        return names.accounts.get(value, "an account")
    if name in LISTS:
        return names.choice(LISTS[name], value)
    if name in ("amount", "revenue_amount"):
        return amount_text(value, str(facts.get("currency") or facts.get("revenue_currency") or ""))
    if name == "segment_override":
        return Segment(value).label if value in Segment.values else str(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{key}: {each}" for key, each in value.items())
    return day_or_text(str(value))


def amount_text(value: Any, currency: str) -> str:
    try:
        return money_text(Decimal(str(value)), currency)
    except InvalidOperation:
        return str(value)


def day_or_text(text: str) -> str:
    if len(text) == 10 and text[4:5] == "-":
        try:
            return day_text(date.fromisoformat(text))
        except ValueError:
            pass
    return text if len(text) <= 90 else f"{text[:87]}…"


def label_of(name: str, model: type[Model] = Deal) -> str:
    try:
        label = str(model._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
    except Exception:
        label = name.replace("_", " ")
    return label[:1].upper() + label[1:]


def changes_of(entry: Entry, names: Names, model: type[Model] = Deal) -> list[tuple[str, str, str]]:
    """What was typed over: label, before, after. A long text shows only that it is there now."""
    found = []
    for name, after in entry.after.items():
        if name in ("push_count", "close_date_waived", "segment_override_by"):
            continue
        before = entry.before.get(name)
        if name == "custom":
            found += added_changes(before or {}, after or {})
            continue
        old = "" if name in LONG else value_text(name, before, entry.before, names)
        new = value_text(name, after, {**entry.before, **entry.after}, names) or "empty"
        found.append((label_of(name, model), old, new))
    return found


def added_changes(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> list[tuple[str, str, str]]:
    """What changed among the fields that the company added."""
    known = {each.key: each for each in fields_of("deal")}
    names = names_in(list(known.values()), [before, after])

    def words(key: str, value: Any) -> str:
        if value is None or key not in known:
            return day_or_text(str(value)) if value is not None else ""
        return shown_words(known[key], value, names)

    return [
        (
            known[key].label if key in known else label_of(key),
            words(key, before.get(key)),
            words(key, after.get(key)) or "empty",
        )
        for key in {**before, **after}
        if before.get(key) != after.get(key)
    ]


def deal_created(entry: Entry, names: Names) -> Story:
    stage = names.stage(entry.after.get("stage", ""))
    return Story(f"entered this deal in {stage}", "sparkles")


def deal_changed(entry: Entry, names: Names) -> Story | None:
    if set(entry.after) <= {"loss_reason", "loss_note"}:
        # The loss itself says why.
        return None
    labels = [
        "added fields" if name == "custom" else label_of(name).lower() for name in entry.after
    ]
    if set(entry.after) <= {"next_step", "next_step_date"}:
        step = entry.after.get("next_step") or entry.before.get("next_step") or ""
        if entry.after.get("next_step") == "":
            return Story("took the next step off the list", "flag")
        day = entry.after.get("next_step_date")
        when = f" on {day_or_text(str(day))}" if day else ""
        return Story(f"planned the next step{when}", "flag", body=str(step))
    if len(labels) == 1 and next(iter(entry.after)) in LONG:
        name = next(iter(entry.after))
        return Story(f"wrote down the {labels[0]}", "pencil", body=str(entry.after[name] or ""))
    text = f"changed {and_list(labels)}" if len(labels) <= 3 else f"changed {len(labels)} facts"
    return Story(text, "pencil", changes=changes_of(entry, names))


def and_list(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def amount_set(entry: Entry, names: Names) -> Story:
    return Story(
        "set the amount from the primary quote", "banknote", changes=changes_of(entry, names)
    )


def moved(verb: str, icon: str, tone: str, entry: Entry, names: Names) -> Story:
    target = names.stage(entry.after.get("stage", ""))
    text = f"{verb} {target}"
    if skipped := entry.after.get("skipped"):
        text += f", skipping {and_list([names.stage(key) for key in skipped])}"
    changes = []
    if bypassed := entry.after.get("bypassed"):
        changes.append(("Gone past", "", and_list(bypassed)))
    if owed := owed_of(entry, names):
        changes.append(("Still owed", "", and_list(owed)))
    return Story(text, icon, tone, body=entry.why, changes=changes)


def owed_of(entry: Entry, names: Names) -> list[str]:
    """What a move left owed; the words of that day, whatever the stages ask by now."""
    labels = entry.after.get("owed_labels")
    return labels or [names.item(key) for key in entry.after.get("owed", [])]


def transferred(entry: Entry, names: Names) -> Story:
    pipeline = names.pipelines.get(str(entry.after.get("pipeline")), "another pipeline")
    changes = [("Stage", names.stage(entry.before.get("stage")), names.stage(entry.after["stage"]))]
    if owed := owed_of(entry, names):
        changes.append(("Still owed", "", and_list(owed)))
    return Story(f"moved it into {pipeline}", "shuffle", "warn", entry.why, changes)


def debt_assigned(entry: Entry, names: Names) -> Story:
    items = entry.after.get("items") or [entry.after.get("item", "")]
    item = entry.after.get("label") or and_list([names.item(key) for key in items])
    who = names.person(entry.after.get("owner"))
    return Story(f"asked {who} for what is owed: {str(item).lower()}", "user-round-check")


def won(entry: Entry, names: Names) -> Story:
    return Story("won the deal", "trophy", "good")


def lost(entry: Entry, names: Names) -> Story:
    reason = names.choice(Choice.List.LOSS_REASON, entry.after.get("loss_reason") or "unknown")
    return Story(f"lost the deal: {reason.lower()}", "circle-x", "bad", body=entry.why)


def close_date(text: str, tone: str, entry: Entry, names: Names) -> Story:
    before = value_text("close_date", entry.before.get("close_date"), {}, names)
    after = value_text("close_date", entry.after.get("close_date"), {}, names)
    reason, _, note = entry.why.partition(": ")
    if (Choice.List.PUSH_REASON, reason) in names.choices:
        text = f"{text}: {names.choice(Choice.List.PUSH_REASON, reason).lower()}"
    else:
        note = entry.why
    return Story(text, "calendar-clock", tone, note, [("Close date", before, after)])


def forecast_reviewed(entry: Entry, names: Names) -> Story:
    outcome = entry.after.get("outcome", "")
    text = OUTCOMES.get(outcome, outcome)
    return Story(f"reviewed the forecast: {text}", "clipboard-check", "info", entry.why)


OUTCOMES = {
    "keep": "keep it as it is",
    "downgrade": "forecast it lower",
    "new_date": "another close date",
    "close": "close it as lost",
}


def reassigned(entry: Entry, names: Names) -> Story:
    old, new = names.person(entry.before.get("owner")), names.person(entry.after.get("owner"))
    return Story(f"gave the deal from {old} to {new}", "arrow-right-left", body=entry.why)


def ticked(entry: Entry, names: Names) -> Story:
    label = names.item(entry.after.get("criterion", ""))
    return Story(f"confirmed: {label.lower()}", "circle-check", "good", body=entry.why)


def tick_withdrawn(entry: Entry, names: Names) -> Story:
    label = names.item(entry.before.get("criterion", ""))
    return Story(f"took back the confirmation: {label.lower()}", "undo-2")


def none_declared(entry: Entry, names: Names) -> Story:
    label = names.item(entry.after.get("item", "")).lower()
    return Story(f"said that there is none: {label}", "circle-check")


def none_withdrawn(entry: Entry, names: Names) -> Story:
    label = names.item(entry.before.get("item", "")).lower()
    return Story(f"took back that there is none: {label}", "undo-2")


def debt_paid(entry: Entry, names: Names) -> Story:
    labels = entry.after.get("labels") or [names.item(key) for key in entry.after.get("items", [])]
    paid = and_list(labels or ["an item"])
    return Story(f"caught up on what a skipped stage asked: {paid.lower()}", "circle-check", "good")


def contact_linked(entry: Entry, names: Names) -> Story:
    role = entry.after.get("role", "")
    label = DealContact.Role(role).label.lower() if role in DealContact.Role.values else "contact"
    who = names.contact(entry.after.get("contact"))
    part = "" if role == DealContact.Role.OTHER else f" as {label}"
    return Story(f"linked {who}{part}", "user-plus")


def contact_unlinked(entry: Entry, names: Names) -> Story:
    return Story(f"took {names.contact(entry.before.get('contact'))} off the deal", "user-minus")


def member_added(entry: Entry, names: Names) -> Story:
    who, access = names.person(entry.after.get("person")), entry.after.get("access")
    may = "to work on it" if access == "edit" else "to read it"
    return Story(f"let {who} in {may}", "users")


def member_removed(entry: Entry, names: Names) -> Story:
    return Story(f"took {names.person(entry.before.get('person'))} off the deal team", "users")


ACTIVITY_ICONS = {"note": "notebook-pen", "call": "phone", "meeting": "users", "mail": "mail"}
ACTIVITIES = {
    ("note", "us"): "wrote a note",
    ("note", "buyer"): "noted what the buyer said",
    ("call", "us"): "called the buyer",
    ("call", "buyer"): "was called by the buyer",
    ("meeting", "us"): "met the buyer",
    ("meeting", "buyer"): "was invited by the buyer to meet",
    ("mail", "us"): "wrote to the buyer",
    ("mail", "buyer"): "had mail from the buyer",
}


def activity_logged(entry: Entry, names: Names) -> Story:
    kind, side = entry.after.get("kind", "note"), entry.after.get("side", "us")
    activity = names.activities.get(entry.after.get("activity", 0))
    text = ACTIVITIES.get((kind, side), "logged an activity")
    happened = activity.happened_at if activity else None
    if happened and abs((entry.at - happened).total_seconds()) > 3600:
        text += f" on {day_text(happened.date())}"
    tone = "info" if side == "buyer" else ""
    return Story(
        text, ACTIVITY_ICONS.get(kind, "circle-dot"), tone, activity.body if activity else ""
    )


def contact_story(verb: str, entry: Entry, names: Names) -> Story:
    return Story(f"{verb} {names.contact(entry.subject_id)}", "user")


def account_changed(entry: Entry, names: Names) -> Story:
    return Story("changed the account", "building-2", changes=changes_of(entry, names, Account))


def segment_overridden(entry: Entry, names: Names) -> Story:
    segment = entry.after.get("segment_override")
    if not segment:
        return Story("let the head count decide the segment again", "users", body=entry.why)
    label = Segment(segment).label if segment in Segment.values else segment
    return Story(f"said that the segment is {label}", "users", body=entry.why)


def file_story(verb: str, entry: Entry, names: Names) -> Story:
    found = names.files.get(entry.subject_id)
    what = "the signed contract" if found and found.kind == "signed_contract" else "a file"
    name = f", {found.name}" if found else ""
    return Story(f"{verb} {what}{name}", "paperclip")


def task_asked(entry: Entry, names: Names) -> Story:
    title, assignee = entry.after.get("title") or "a task", entry.after.get("assignee")
    if assignee in (None, entry.actor_id):
        return Story(f"has something to do: {title}", "list-checks")
    return Story(f"asked {names.person(assignee)}: {title}", "list-checks")


FINISHED = {
    "cs_handoff": "completed the hand-off to customer success",
    "post_mortem": "logged the post-mortem",
}


def task_done(entry: Entry, names: Names) -> Story:
    task, result = names.tasks.get(entry.subject_id), str(entry.after.get("result") or "")
    title = task.title if task else "a task"
    text = FINISHED.get(task.kind if task else "", f"finished: {title}")
    if task and task.assignee_id != entry.actor_id:
        text += f", for {task.assignee.name}"
    return Story(text, "list-checks", "good", body=result)


def task_reassigned(entry: Entry, names: Names) -> Story:
    task, who = names.tasks.get(entry.subject_id), names.person(entry.after.get("assignee"))
    return Story(f"gave a task to {who}: {task.title if task else 'a task'}", "list-checks")


def task_cancelled(entry: Entry, names: Names) -> Story:
    task = names.tasks.get(entry.subject_id)
    text = f"called off: {task.title}" if task else "called off a task"
    return Story(text, "list-x", body=str(entry.after.get("result") or ""))


def plain(text: str, icon: str, entry: Entry, names: Names) -> Story:
    return Story(text, icon, body=entry.why)


Teller = Callable[[Entry, Names], Story | None]

OWN = ("deal", "contact", "account", "attachment", "task")
TELLERS: dict[str, Teller] = {
    "deal.created": deal_created,
    "deal.imported": partial(plain, "brought this deal in", "download"),
    "deal.changed": deal_changed,
    "deal.amount_set": amount_set,
    "deal.advanced": partial(moved, "moved it to", "arrow-right", "good"),
    "deal.skipped": partial(moved, "moved it ahead to", "skip-forward", "warn"),
    "deal.sent_back": partial(moved, "sent it back to", "arrow-left", "warn"),
    "deal.won": won,
    "deal.lost": lost,
    "deal.overridden": partial(
        moved, "overrode the gate and moved it to", "shield-alert", "override"
    ),
    "deal.transferred": transferred,
    "deal.debt_assigned": debt_assigned,
    "deal.reopened": partial(moved, "reopened it in", "rotate-ccw", ""),
    "deal.close_date_set": partial(close_date, "set the close date", ""),
    "deal.close_date_pushed": partial(close_date, "pushed the close date", "warn"),
    "deal.close_date_pulled_in": partial(close_date, "pulled the close date in", "good"),
    "deal.forecast_reviewed": forecast_reviewed,
    "deal.reassigned": reassigned,
    "deal.criterion_ticked": ticked,
    "deal.criterion_withdrawn": tick_withdrawn,
    "deal.none_declared": none_declared,
    "deal.none_withdrawn": none_withdrawn,
    "deal.debt_paid": debt_paid,
    "deal.contact_linked": contact_linked,
    "deal.contact_unlinked": contact_unlinked,
    "deal.member_added": member_added,
    "deal.member_removed": member_removed,
    "deal.activity_logged": activity_logged,
    "contact.created": partial(contact_story, "entered"),
    "contact.changed": partial(contact_story, "changed"),
    "account.created": partial(plain, "entered the account", "building-2"),
    "account.changed": account_changed,
    "account.segment_overridden": segment_overridden,
    "attachment.added": partial(file_story, "attached"),
    "attachment.removed": partial(file_story, "removed"),
    "task.opened": task_asked,
    "task.done": task_done,
    "task.cancelled": task_cancelled,
    "task.reassigned": task_reassigned,
}
