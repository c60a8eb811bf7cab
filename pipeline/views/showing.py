"""What the deal page shows, read once for the page and for every swap of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from pipeline import registry
from pipeline.addedfields import added_facts, names_in, shown_words
from pipeline.findings import findings_of, read_context, waits_for_review
from pipeline.forms import (
    ActivityForm,
    AttachmentForm,
    EvidenceForm,
    NextStepForm,
    added_values,
)
from pipeline.gates import (
    Ask,
    DealRows,
    ask_of_debt,
    asks_of,
    derived_of,
    gate_of,
    is_met,
    load_facts,
    missing,
    rows_of,
)
from pipeline.models import Deal, Move
from pipeline.moneyhistory import money_history
from pipeline.permissions import (
    can_override,
    check_can_change,
    check_can_reassign,
    check_can_reopen,
    check_can_review,
)
from pipeline.registry import CUSTOM
from pipeline.stages import Process, Rule, pipelines_in_use, process_by_id
from pipeline.timeline import choice_labels, timeline_of
from pipeline.views.shared import why_not
from revops.company.fields import standing_fields
from revops.company.models import Company
from revops.frame.formats import day_text
from revops.frame.shapes import StageMark
from revops.people.actor import Actor
from revops.work.models import Task

DAY = timedelta(days=1)
FILLED_AGAIN = frozenset({"long_text", "text", "custom"})
"""What can be typed over in place once it is there."""


@dataclass
class Line:
    """One line of the checklist: what is asked, what is there, and the form that fills it in."""

    key: str
    label: str
    sentence: str
    done: bool
    is_criterion: bool = False
    is_debt: bool = False
    is_none: bool = False
    stage: str = ""
    value: Any = ""
    by: Any = None
    at: datetime | None = None
    url: str = ""
    form: Any = None
    asked: Any = None
    is_open: bool = False
    none_allowed: bool = False
    debt: Any = None
    needs_note: bool = False
    is_from_facts: bool = False
    derived: str = ""
    evidence: Any = None

    @property
    def id(self) -> str:
        noun = f"debt-{self.debt.pk}" if self.debt else "item"
        return f"{noun}-line-{self.key.replace(':', '-').replace('.', '-')}"


@dataclass(frozen=True)
class Act:
    """Something that can be done with the deal, or why it cannot."""

    label: str
    url: str
    icon: str
    reason: str = ""
    is_danger: bool = False


def deal_context(request, deal: Deal, *, bound: dict[str, Any] | None = None) -> dict[str, Any]:
    """Everything the deal page shows. `bound` holds forms that were refused, by their name."""
    at, user, by = timezone.now(), request.user, Actor.from_request(request)
    bound = bound or {}
    today = Company.get().local_day(at)
    process = process_by_id(deal.pipeline_id)
    rule = process.rule_of(deal.stage_id)
    rows = rows_of(deal)
    facts = load_facts(deal, at, known=rows.beside)
    cannot_change = why_not(check_can_change, deal, by=by)
    following = process.next_of(rule.key) if rule.is_open else None
    verb = Move.ADVANCE if following else Move.WIN
    blocking = []
    if deal.is_open:
        blocking = gate_of(deal, verb, at, facts=facts)
    lines = checklist(request, deal, process, rule, facts, rows, blocking)
    visits = list(deal.visits.select_related("entered_by").order_by("pk"))
    labels = {key: label for (_, key), label in choice_labels().items()}
    told = timeline_of(deal, user, before=request.GET.get("before", ""))
    tasks = tasks_about(deal)
    left = CLOSING_WORK.get(deal.status, {})
    return {
        "deal": deal,
        "at": at,
        "today": today,
        "opened": at,
        "rule": rule,
        "following": following,
        "primary": primary_of(deal, following, cannot_change),
        "blocking": blocking,
        "acts": acts_of(deal, process, rule, cannot_change, by),
        "path": path_of(process, deal, visits, at),
        "lines": lines,
        "lines_done": sum(line.done for line in lines if not line.is_debt),
        "lines_asked": sum(not line.is_debt for line in lines),
        "debts": [line for line in lines if line.is_debt],
        "problems": [each for each in findings_of(deal, read_context(at)) if each.is_problem],
        "cannot_change": cannot_change,
        "cannot_hand_over": why_not(check_can_reassign, deal, by=by),
        "locks": locks_of(deal),
        "contacts": rows.contacts,
        "members": list(deal.members.standing(today).select_related("person").order_by("pk")),
        "money": money_history(deal, labels),
        "may_review": waits_for_review(deal) and not why_not(check_can_review, deal, by=by),
        "files": rows.files,
        "tasks": [task for task in tasks if task.is_open and task.kind not in left],
        "closing": [closing_line(kind, label, tasks) for kind, label in left.items()],
        "source_label": labels.get(deal.deal_source, deal.deal_source),
        "loss_label": labels.get(deal.loss_reason, deal.loss_reason),
        "added": added_facts("deal", deal.custom),
        "panels": panels_of(request, deal, at),
        "sheets": sorted({panel.sheet for panel in registry.panels() if panel.sheet}),
        "card_facts": card_facts_of(deal, at),
        "override": override_of(process, visits),
        "entries": told.entries,
        "more": told.next,
        "activity_form": bound.get("activity") or ActivityForm(initial=FRESH_ACTIVITY),
        "next_step_form": bound.get("next_step") or NextStepForm(initial=next_step_of(deal)),
        "attachment_form": bound.get("attachment") or AttachmentForm(),
    }


FRESH_ACTIVITY = {"kind": "note", "side": "us"}


def next_step_of(deal: Deal) -> dict[str, Any]:
    return {"next_step": deal.next_step, "next_step_date": deal.next_step_date}


def primary_of(deal: Deal, following: Rule | None, reason: str) -> Act | None:
    """The one act that stands out: the next stage, or winning from the last one."""
    if not deal.is_open:
        return None
    if following is None:
        return Act("Win the deal", reverse("pipeline:deal-win", args=[deal.pk]), "trophy", reason)
    url = reverse("pipeline:deal-advance", args=[deal.pk])
    return Act(f"Advance to {following.name}", url, "arrow-right", reason)


def acts_of(deal: Deal, process: Process, rule: Rule, cannot_change: str, by: Actor) -> list[Act]:
    """What else can be done, each with the reason where it cannot."""

    def act(verb: str, label: str, icon: str, reason: str = "", danger: bool = False) -> Act:
        url = reverse(f"pipeline:deal-{verb}", args=[deal.pk])
        return Act(label, url, icon, reason, danger)

    hand_over = why_not(check_can_reassign, deal, by=by)
    edit = act("edit", "Edit facts", "pencil", cannot_change)
    give = act("reassign", "Give to another owner", "arrow-right-left", hand_over)
    if not deal.is_open:
        no_reopening = why_not(check_can_reopen, deal, by=by)
        return [edit, act("reopen", "Reopen", "rotate-ccw", no_reopening), give]
    acts = [edit, act("push", "Move the close date", "calendar-clock", cannot_change), give]
    if len(process.after(rule.key)) > 1:
        acts.append(act("skip", "Skip ahead", "skip-forward", cannot_change))
    if rule is not process.first:
        acts.append(act("send-back", "Send back", "arrow-left", cannot_change))
    if process.next_of(rule.key) is not None:
        acts.append(act("win", "Win", "trophy", cannot_change))
    acts.append(act("lose", "Lose", "circle-x", cannot_change, True))
    if has_other_pipelines():
        acts.append(act("transfer", "Move to another pipeline", "shuffle", cannot_change))
    if by.user and can_override(by.user):
        acts.append(act("override", "Override the gate", "shield-alert"))
    return acts


def override_of(process: Process, visits) -> dict[str, Any] | None:
    """The last time an administrator moved this deal past its gate."""
    found = [visit for visit in visits if visit.is_override]
    if not found:
        return None
    rule = process.by_stage.get(found[-1].stage_id)
    return {"visit": found[-1], "stage": rule.name if rule else "another stage"}


def has_other_pipelines() -> bool:
    return len(pipelines_in_use()) > 1


# The path


def path_of(process: Process, deal: Deal, visits, at: datetime) -> list[StageMark]:
    """Every stage with what the deal did there and how many days it spent."""
    present = process.rule_of(deal.stage_id)
    stays: dict[int, timedelta] = {}
    unknown: set[int] = set()
    reached = present.position if present.is_open else -1
    for visit in visits:
        rule = process.by_stage.get(visit.stage_id)
        if rule and rule.is_open:
            reached = max(reached, rule.position) if not present.is_open else reached
        if visit.entered_at is None:
            unknown.add(visit.stage_id)
            continue
        stay = (visit.left_at or at) - visit.entered_at
        stays[visit.stage_id] = stays.get(visit.stage_id, timedelta()) + stay
    marks = [
        StageMark(
            rule.name,
            state_of(rule, present, reached, stays.keys() | unknown),
            note_of(rule, stays, unknown),
        )
        for rule in process.open_rules
    ]
    if not present.is_open:
        closed = f"on {day_text(deal.closed_on)}" if deal.closed_on else ""
        return [*marks, StageMark(present.name, present.kind, closed)]
    return [*marks, StageMark(process.won.name, "next")]


def state_of(rule: Rule, present: Rule, reached: int, visited) -> str:
    if rule is present:
        return "current"
    if rule.position > reached:
        return "next"
    return "done" if rule.stage_id in visited or not visited else "skipped"


def note_of(rule: Rule, stays: dict[int, timedelta], unknown: set[int]) -> str:
    if rule.stage_id in stays:
        days = stays[rule.stage_id] // DAY
        return "today" if not days else f"{days} day{'s' if days > 1 else ''}"
    return "time unknown" if rule.stage_id in unknown else ""


# The checklist


def checklist(
    request, deal: Deal, process: Process, rule: Rule, facts, rows: DealRows, blocking
) -> list[Line]:
    """What the present stage asks, done or not, then what skipped stages are owed."""
    if not rule.is_open:
        return []
    ticks = {(tick.stage.key, tick.criterion_key): tick for tick in rows.ticks}
    nones = {row.item_key: row for row in rows.nones}
    asks = [(ask, False) for ask in asks_of(rule)]
    debts = deal.debts.filter(paid_at=None).select_related("stage", "owner", "incurred_by")
    debts = list(debts.order_by("due_on", "pk"))
    asks += [(ask_of_debt(debt), True) for debt in debts]
    if process.next_of(rule.key) is None:
        asks += [(ask, False) for ask in asks_of(process.won)]
    lines = [
        line_of(request, deal, process, ask, is_debt, facts, ticks, nones) for ask, is_debt in asks
    ]
    for line, debt in zip([each for each in lines if each.is_debt], debts, strict=True):
        line.debt = debt
    known = {line.key for line in lines}
    for each in blocking:
        if each.key not in known:
            lines.append(Line(each.key, each.label, each.sentence, done=False))
    return lines


def line_of(
    request, deal: Deal, process: Process, ask: Ask, is_debt: bool, facts, ticks, nones
) -> Line:
    found = missing(ask)
    line = Line(
        key=ask.name,
        label=ask.label,
        sentence=found.sentence,
        done=is_met(deal, ask, facts),
        is_criterion=ask.is_criterion,
        is_debt=is_debt,
        stage=ask.stage,
        none_allowed=ask.none_allowed,
        needs_note=ask.needs_note,
        is_from_facts=bool(ask.derived_from),
    )
    if ask.is_criterion:
        if tick := ticks.get((ask.stage, ask.key)):
            line.by, line.at, line.value = tick.ticked_by, tick.ticked_at, tick.note
            line.evidence = tick.evidence
        elif fact := derived_of(deal, ask, facts):
            line.derived, line.at = fact.sentence, fact.when
        return line
    if line.done and (row := nones.get(ask.key)):
        line.is_none, line.value = True, "There is none."
        line.by, line.at = row.declared_by, row.declared_at
    else:
        line.value = value_of(deal, ask.key) if line.done else ""
    kind = registry.item_kind(ask.key)
    if kind and kind.fill_url:
        line.url = kind.fill_url(deal)
    if kind and (not line.done or (kind.field and kind.input in FILLED_AGAIN)):
        fill_in(request, deal, process, line, found)
    return line


def fill_in(request, deal: Deal, process: Process, line: Line, found, data=None, files=None):
    """Give a line the form that fills it in."""
    initial = {}
    kind = registry.item_kind(line.key)
    if line.key.startswith(CUSTOM):
        values = added_values("deal", deal.custom)
        initial = {f"item-{line.key}": values.get(line.key)}
    elif line.done and kind and kind.field and hasattr(deal, kind.field):
        initial = {f"item-{line.key}": getattr(deal, kind.field)}
    form = EvidenceForm(
        data,
        files,
        deal=deal,
        process=process,
        missing=[found],
        user=request.user,
        initial=initial,
        auto_id=f"{line.id}_%s",
    )
    asked = form.groups()[0]
    if not asked.is_blocker:
        line.form, line.asked = form, asked
    return form


def value_of(deal: Deal, key: str) -> Any:
    """What the deal has for an item, as far as one line can show it."""
    kind = registry.item_kind(key)
    if kind is None or not kind.field:
        return ""
    if key.startswith(CUSTOM):
        return custom_words(deal, key.removeprefix(CUSTOM))
    value = getattr(deal, kind.field, "")
    if isinstance(value, date):
        return day_text(value)
    if kind.field == "deal_source":
        return str(value).replace("_", " ").capitalize()
    return value


def custom_words(deal: Deal, key: str) -> str:
    """What the deal has in a field that the company added, in words."""
    definition = standing_fields("deal").get(key)
    value = deal.custom.get(key)
    if definition is None or value is None:
        return ""
    return shown_words(definition, value, names_in([definition], [deal.custom]))


# What people were asked to do

CLOSING_WORK = {
    Deal.Status.WON: {"cs_handoff": "CS hand-off complete"},
    Deal.Status.LOST: {"post_mortem": "Post-mortem logged"},
}
"""What the closed stages are left with: met by a finished task of that kind, not by a tick."""


@dataclass(frozen=True)
class ClosingLine:
    """What closing leaves to do, and the task that does it."""

    label: str
    task: Task | None

    @property
    def done(self) -> bool:
        return self.task is not None and self.task.state == Task.State.DONE


def tasks_about(deal: Deal) -> list[Task]:
    """Every open task about the deal, the next due first, and the last of what closing left."""
    asked = Q(state=Task.State.OPEN) | Q(kind__in=CLOSING_WORK.get(deal.status, {}))
    tasks = Task.objects.about(deal).filter(asked).select_related("assignee", "closed_by")
    return list(tasks.order_by("due_at", "pk"))


def closing_line(kind: str, label: str, tasks: list[Task]) -> ClosingLine:
    """The latest task counts: a deal that was reopened and closed again is asked again."""
    latest = max((task for task in tasks if task.kind == kind), key=lambda t: t.pk, default=None)
    return ClosingLine(label, latest)


# What other apps show


def panels_of(request, deal: Deal, at: datetime) -> list[str]:
    return [
        render_to_string(
            panel.template, {**panel.context(deal, request.user, at), "deal": deal}, request
        )
        for panel in registry.panels()
    ]


def locks_of(deal: Deal) -> dict[str, str]:
    """Why a field is not typed here: another app keeps it. A reason for two is asked once."""
    locks = registry.field_locks()
    reasons = {read: read(deal) for read in set(locks.values())}
    return {name: reasons[read] for name, read in locks.items() if reasons[read]}


def card_facts_of(deal: Deal, at: datetime) -> list:
    told = [facts([deal.pk], at) for facts in registry.card_facts()]
    return [fact for each in told for fact in each.get(deal.pk, ())]
