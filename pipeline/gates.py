"""What a move asks before it happens: every unmet item at once, the same for page and API."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import connection

from pipeline import criteria, registry
from pipeline.junkwords import junk_words
from pipeline.models import (
    CriterionTick,
    Deal,
    DealContact,
    DeclaredNone,
    GateDebt,
    Move,
    PipelineVersion,
)
from pipeline.registry import DealFacts, PlannedMove
from pipeline.stages import Process, Rule, plan_move, process_by_id
from revops.refusals import Missing
from revops.remembering import remembered
from revops.work.models import Attachment

CRITERION = "criterion:"
"""What the keys of exit criteria begin with, in evidence and among what is missing."""

FORWARD = frozenset({Move.ADVANCE, Move.SKIP, Move.WIN})


@dataclass(frozen=True)
class Ask:
    """One thing that a stage asks of a deal."""

    key: str
    label: str
    stage: str
    none_allowed: bool = False
    is_criterion: bool = False
    needs_note: bool = False
    derived_from: str = ""

    @property
    def name(self) -> str:
        """The key under which evidence answers it."""
        return f"{CRITERION}{self.key}" if self.is_criterion else self.key


@dataclass(frozen=True)
class DealRows:
    """The rows beside a deal that its gates ask about, with the people who wrote them."""

    contacts: list[DealContact]
    ticks: list[CriterionTick]
    nones: list[DeclaredNone]
    files: list[Attachment]

    @property
    def beside(self) -> BesideOne:
        return BesideOne(
            self.contacts,
            frozenset((tick.stage.key, tick.criterion_key) for tick in self.ticks),
            frozenset(row.item_key for row in self.nones),
            frozenset(file.kind for file in self.files),
        )


@dataclass(frozen=True)
class BesideOne:
    """What the rows beside a deal come to for its gates; who wrote them no gate asks."""

    contacts: list[DealContact]
    ticks: frozenset[tuple[str, str]] = frozenset()
    declared_none: frozenset[str] = frozenset()
    attachments: frozenset[str] = frozenset()
    owes: bool = False


NOTHING_BESIDE = BesideOne([])
"""What stands beside a deal that is only just entered."""


def rows_of(deal: Deal) -> DealRows:
    """Read what stands beside one deal, for its page: four questions."""
    ticks = deal.ticks.filter(withdrawn_at=None)
    return DealRows(
        list(deal.deal_contacts.select_related("contact__account").order_by("contact__name", "pk")),
        list(ticks.select_related("ticked_by", "stage", "evidence").order_by("pk")),
        list(deal.declared_none.select_related("declared_by")),
        list(Attachment.objects.about(deal).select_related("uploaded_by")),
    )


def beside(deal: Deal) -> BesideOne:
    """What stands beside one deal, read once while something holds it."""
    return remembered(("beside", deal.pk), lambda: read_beside(deal))


def read_beside(deal: Deal) -> BesideOne:
    """Ask for the people, and in one question for everything that has no more than a name."""
    people = deal.deal_contacts.select_related("contact__account").order_by("pk")
    found: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    with connection.cursor() as cursor:
        cursor.execute(NAMED, {"deal": deal.pk})
        for what, whose, name in cursor.fetchall():
            found[what].add((whose, name))
    return BesideOne(
        list(people),
        frozenset(found["tick"]),
        frozenset(name for _, name in found["none"]),
        frozenset(name for _, name in found["file"]),
        owes=bool(found["debt"]),
    )


NAMED = """
SELECT 'tick', stage.key, tick.criterion_key
FROM pipeline_criteriontick tick JOIN pipeline_stage stage ON stage.id = tick.stage_id
WHERE tick.deal_id = %(deal)s AND tick.withdrawn_at IS NULL
UNION ALL SELECT 'none', '', item_key FROM pipeline_declarednone WHERE deal_id = %(deal)s
UNION ALL SELECT 'file', '', kind FROM work_attachment
WHERE about_type = 'deal' AND about_id = %(deal)s AND removed_at IS NULL
UNION ALL SELECT 'debt', '', item_key FROM pipeline_gatedebt
WHERE deal_id = %(deal)s AND paid_at IS NULL
"""
"""Written out, since every move asks it: as querysets it took longer to put than to answer."""


def load_facts(deal: Deal, at: datetime, *, known: BesideOne | None = None) -> DealFacts:
    """Everything that gates ask about one deal."""
    return facts_from(known or read_beside(deal), AskedFacts(deal, at), junk_words(), at)


class AskedFacts(dict[str, Any]):
    """What other apps know of a deal, read only where an item asks for it."""

    def __init__(self, deal: Deal, at: datetime) -> None:
        super().__init__()
        self.deal, self.at = deal, at

    def get(self, key: str, default: Any = None) -> Any:
        if key not in self:
            read = registry.extra_facts().get(key)
            if read is None:
                return default
            self[key] = read(self.deal, self.at)
        return self[key]


def facts_from(
    known: BesideOne, extra: dict[str, Any], junk: frozenset[str], at: datetime
) -> DealFacts:
    """What stands beside a deal, with what other apps know of it, as gates ask it."""
    return DealFacts(
        contacts_reachable=any(link.contact.is_reachable for link in known.contacts),
        contact_roles=frozenset(link.role for link in known.contacts),
        attachments=known.attachments,
        declared_none=known.declared_none,
        ticks=known.ticks,
        at=at,
        junk=junk,
        extra=extra,
    )


def asks_of(rule: Rule) -> list[Ask]:
    """The items and criteria of one stage, in order."""
    items = [Ask(item.key, item.label, rule.key, item.none_allowed) for item in rule.items]
    criteria = [
        Ask(
            each.key,
            each.label,
            rule.key,
            is_criterion=True,
            needs_note=each.needs_note,
            derived_from=each.derived_from,
        )
        for each in rule.criteria
    ]
    return items + criteria


def ask_of_debt(debt: GateDebt) -> Ask:
    asked = Ask(debt.item_key, debt.label, debt.stage.key, debt.none_allowed, debt.is_criterion)
    if not debt.is_criterion:
        return asked
    # How it is confirmed, the rules in force say; a criterion they have no more is a plain tick.
    rule = process_by_id(debt.stage.pipeline_id).by_stage.get(debt.stage_id)
    known = [each for each in rule.criteria if each.key == debt.item_key] if rule else []
    for each in known:
        return replace(asked, needs_note=each.needs_note, derived_from=each.derived_from)
    return asked


def is_met(deal: Deal, ask: Ask, facts: DealFacts) -> bool:
    """Whether the deal has what is asked. An item that no app registered is not asked."""
    if ask.is_criterion:
        return (ask.stage, ask.key) in facts.ticks or derived_of(deal, ask, facts) is not None
    if ask.none_allowed and ask.key in facts.declared_none:
        return True
    kind = registry.item_kind(ask.key)
    return kind is None or kind.present(deal, facts)


def derived_of(deal: Deal, ask: Ask, facts: DealFacts) -> criteria.Derived | None:
    """The fact that confirms a criterion, where one is to; asked once for each deal."""
    if not ask.derived_from:
        return None
    key = (ask.stage, ask.key)
    if key not in facts.derived:
        facts.derived[key] = criteria.derive(ask.derived_from, deal, ask.stage, facts)
    return facts.derived[key]


def still_unmet(deal: Deal, asks: Iterable[Ask], facts: DealFacts) -> list[Ask]:
    """Those of `asks` that the deal does not meet, each once."""
    return list({ask.name: ask for ask in asks if not is_met(deal, ask, facts)}.values())


def missing(ask: Ask) -> Missing:
    return Missing(key=ask.name, label=ask.label, sentence=sentence_of(ask), stage=ask.stage)


def sentence_of(ask: Ask) -> str:
    """How to meet what is asked."""
    if ask.is_criterion:
        if sentence := criteria.sentence_of(ask.derived_from):
            return sentence
        return f"Confirm: {ask.label[:1].lower()}{ask.label[1:]}."
    kind = registry.item_kind(ask.key)
    sentence = kind.sentence if kind else f"Add {ask.label}."
    return f"{sentence} If there is none, say so." if ask.none_allowed else sentence


def unmet(deal: Deal, rule: Rule, facts: DealFacts) -> list[Missing]:
    """What one stage asks and the deal does not have."""
    return [missing(ask) for ask in still_unmet(deal, asks_of(rule), facts)]


def asks_of_move(process: Process, move: PlannedMove) -> list[Ask]:
    """What the stages ask of a move, before debts and before the checks of other apps.

    Advance and skip ask the stage that is left; a win asks everything from there to the end.
    A loss asks its own two questions and nothing else; going back and reopening ask nothing.
    """
    origin, target = process.rule(move.from_stage), process.rule(move.to_stage)
    if move.kind == Move.LOSE:
        return asks_of(target)
    if move.kind not in FORWARD:
        return []
    passed = [process.rule(key) for key in move.skipped]
    if move.kind == Move.WIN:
        return [ask for rule in (origin, *passed, target) for ask in asks_of(rule)]
    asked = [origin, *passed] if process.debt_blocks(target.key) else [origin]
    if process.gate == PipelineVersion.Gate.ENTRY:
        asked = [replace(rule, items=()) if rule is origin else rule for rule in asked]
        asked.append(replace(target, criteria=()))
    return [ask for rule in asked for ask in asks_of(rule)]


def unpaid_debts(deal: Deal) -> Sequence[GateDebt]:
    return list(deal.debts.filter(paid_at=None).select_related("stage").order_by("pk"))


def debts_of(deal: Deal, *, known: Sequence[GateDebt] | None = None) -> Sequence[GateDebt]:
    """What the deal still owes, read once while something holds it; `known` was just read."""
    return remembered(("debts", deal.pk), lambda: unpaid_debts(deal) if known is None else known)


def debts_block(process: Process, move: PlannedMove) -> bool:
    """Whether this move asks what skipped stages still owe: winning always does."""
    if move.kind not in FORWARD:
        return False
    return move.kind == Move.WIN or process.debt_blocks(move.to_stage)


def gate_of(
    deal: Deal, move: PlannedMove | Move | str, at: datetime, *, facts: DealFacts | None = None
) -> list[Missing]:
    """Everything that stands between the deal and this move; empty when it may go.

    A verb whose target is clear (advance, win, lose) may be given by its name alone.
    """
    process = process_by_id(deal.pipeline_id)
    if not isinstance(move, PlannedMove):
        move = plan_move(process, deal, move)
    facts = facts or load_facts(deal, at)
    return [*own_gate(process, move, facts), *gates_of_others(move, at)]


def own_gate(
    process: Process,
    move: PlannedMove,
    facts: DealFacts,
    *,
    debts: Sequence[GateDebt] | None = None,
) -> list[Missing]:
    """What the pipeline's own rules find missing: items, criteria, and debts where they block."""
    return [missing(ask) for ask in unmet_asks(process, move, facts, debts=debts)]


def unmet_asks(
    process: Process,
    move: PlannedMove,
    facts: DealFacts,
    *,
    debts: Sequence[GateDebt] | None = None,
) -> list[Ask]:
    asks = asks_of_move(process, move)
    if debts_block(process, move):
        debts = unpaid_debts(move.deal) if debts is None else debts
        asks += [ask_of_debt(debt) for debt in debts]
    return still_unmet(move.deal, asks, facts)


def gates_of_others(move: PlannedMove, at: datetime) -> list[Missing]:
    """What the checks of other apps ask of a move forward; nobody goes past these."""
    if move.kind not in FORWARD:
        return []
    return [each for check in registry.stage_checks() for each in check(move, at=at)]
