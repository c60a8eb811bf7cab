"""What is told of those around a deal: contacts, colleagues, activities, files, tasks."""

from __future__ import annotations

from pipeline.models import Account, DealContact, Segment
from pipeline.registry import Story
from pipeline.timeline.names import Names
from pipeline.timeline.values import changes_of
from revops.frame.formats import day_text
from revops.ledger.models import Entry


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
