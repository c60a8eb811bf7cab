"""What is told of a deal itself: its facts, moves, dates and what its stages ask."""

from __future__ import annotations

from pipeline.models import Choice
from pipeline.registry import Story
from pipeline.timeline.names import Names
from pipeline.timeline.values import LONG, and_list, changes_of, day_or_text, label_of, value_text
from revops.ledger.models import Entry


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
