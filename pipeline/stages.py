"""The stages of a pipeline as one frozen value, and what a move between two of them is called."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pipeline.models import Deal, Move, Pipeline, PipelineVersion, StageRule
from pipeline.registry import PlannedMove
from revops.refusals import Missing, Refused
from revops.remembering import remembered

Kind = StageRule.Kind
Freedom = PipelineVersion.Freedom


@dataclass(frozen=True)
class Item:
    """Evidence that a stage asks for."""

    key: str
    label: str
    none_allowed: bool = False


@dataclass(frozen=True)
class Criterion:
    """A statement that a person confirms before the deal leaves the stage."""

    key: str
    label: str
    needs_note: bool = False
    derived_from: str = ""


@dataclass(frozen=True)
class Rule:
    """One stage as one version of the pipeline has it."""

    stage_id: int
    key: str
    name: str
    position: int
    kind: str = Kind.OPEN
    probability_percent: int = 0
    forecast_category: str = StageRule.ForecastCategory.PIPELINE
    default_stale_days: int | None = None
    may_create_here: bool = True
    entry_roles: frozenset[str] = frozenset()
    items: tuple[Item, ...] = ()
    criteria: tuple[Criterion, ...] = ()

    @property
    def is_open(self) -> bool:
        return self.kind == Kind.OPEN


@dataclass(frozen=True)
class Process:
    """One version of a pipeline: its stages in order and its liberties."""

    pipeline_id: int
    version_id: int
    number: int
    rules: tuple[Rule, ...]
    skipping: str = Freedom.REASON
    moving_back: str = Freedom.REASON
    gate: str = PipelineVersion.Gate.EXIT
    debt_blocks_at: str = ""
    debt_days: int = 14
    buyer_silence_days: int = 14

    @cached_property
    def by_key(self) -> dict[str, Rule]:
        return {rule.key: rule for rule in self.rules}

    @cached_property
    def by_stage(self) -> dict[int, Rule]:
        return {rule.stage_id: rule for rule in self.rules}

    @cached_property
    def open_rules(self) -> tuple[Rule, ...]:
        return tuple(rule for rule in self.rules if rule.is_open)

    @property
    def first(self) -> Rule:
        return self.open_rules[0]

    @property
    def beginning(self) -> Rule:
        """Where a deal begins when nothing else is said: the first stage that lets it."""
        return next((rule for rule in self.open_rules if rule.may_create_here), self.first)

    @property
    def won(self) -> Rule:
        return next(rule for rule in self.rules if rule.kind == Kind.WON)

    @property
    def lost(self) -> Rule:
        return next(rule for rule in self.rules if rule.kind == Kind.LOST)

    def rule(self, key: str) -> Rule:
        """The stage with that key; Refused when this version has none."""
        try:
            return self.by_key[key]
        except KeyError:
            raise Refused(
                f"This pipeline has no stage “{key}”.", code="unknown_stage", stage=key
            ) from None

    def rule_of(self, stage_id: int) -> Rule:
        """The stage with that number; Refused when this version has none."""
        try:
            return self.by_stage[stage_id]
        except KeyError:
            raise Refused(
                "This stage does not belong to the deal's pipeline.", code="unknown_stage"
            ) from None

    def next_of(self, key: str) -> Rule | None:
        """The open stage after this one; None after the last."""
        later = self.after(key)
        return later[0] if later else None

    def after(self, key: str) -> tuple[Rule, ...]:
        """The open stages after this one."""
        position = self.rule(key).position
        return tuple(rule for rule in self.open_rules if rule.position > position)

    def between(self, from_key: str, to_key: str) -> tuple[Rule, ...]:
        """The open stages that a move forward jumps over."""
        end = self.rule(to_key).position
        return tuple(rule for rule in self.after(from_key) if rule.position < end)

    def debt_blocks(self, to_key: str) -> bool:
        """Whether what skipped stages still owe stops a deal from entering this stage."""
        if not self.debt_blocks_at:
            return False
        return self.rule(to_key).position >= self.rule(self.debt_blocks_at).position


def classify_move(process: Process, from_key: str, to_key: str, status: str) -> Move:
    """Name the move from one stage to another; Refused when there is no such move."""
    origin, target = process.rule(from_key), process.rule(to_key)
    if status != "open":
        if target.is_open:
            return Move.REOPEN
        raise Refused("This deal is closed. Reopen it first.", code="closed")
    if origin.key == target.key:
        raise Refused(f"The deal is already in {target.name}.", code="same_stage")
    if target.kind == Kind.WON:
        return Move.WIN
    if target.kind == Kind.LOST:
        return Move.LOSE
    if target.position < origin.position:
        return Move.SEND_BACK
    return Move.SKIP if process.between(from_key, to_key) else Move.ADVANCE


def plan_move(process: Process, deal: Deal, move: Move | str, to_key: str = "") -> PlannedMove:
    """Say what a move of this deal would leave and jump; Refused when it cannot be made at all."""
    origin = process.rule_of(deal.stage_id)
    target = target_of(process, origin, Move(move), to_key)
    forward = move in (Move.ADVANCE, Move.SKIP, Move.WIN)
    skipped = tuple(rule.key for rule in process.between(origin.key, target.key)) if forward else ()
    return PlannedMove(
        deal=deal,
        kind=str(move),
        from_stage=origin.key,
        to_stage=target.key,
        leaves=(origin.key, *skipped) if forward else (origin.key,),
        skipped=skipped,
    )


def target_of(process: Process, origin: Rule, move: Move, to_key: str) -> Rule:
    """The stage a move leads to: the one named, or the only one that its verb can mean."""
    if move == Move.WIN:
        return process.won
    if move == Move.LOSE:
        return process.lost
    if to_key:
        return process.rule(to_key)
    following = process.next_of(origin.key)
    if following is None:
        raise Refused(f"{origin.name} is the last stage: win or lose the deal.", code="last_stage")
    return following


def reason_under(freedom: str, reason: str, *, doing: str) -> str:
    """Return the reason to keep for an irregular move.

    Raises Refused when the pipeline forbids such moves, or asks a reason and there is none.
    """
    if freedom == Freedom.NEVER:
        raise Refused(f"This pipeline does not allow {doing}.", code="not_in_this_pipeline")
    if freedom == Freedom.REASON and not reason.strip():
        fault = Missing("reason", "Reason", f"Give a reason for {doing}.")
        raise Refused(fault.sentence, code="reason_missing", missing=[fault])
    return reason.strip() or "No reason is asked in this pipeline."


_processes: dict[tuple[int, object], Process] = {}


def process_of(pipeline: Pipeline) -> Process:
    """Return the rules in force: the latest published version, read once for each process."""
    return process_by_id(pipeline.pk)


def pipelines_with_rules() -> list[Pipeline]:
    """All pipelines ever published, in order; read once for a page."""
    return remembered("pipelines", lambda: list(Pipeline.objects.with_rules()))


def pipelines_in_use() -> list[Pipeline]:
    """The pipelines in which deals can be entered, in order."""
    return [pipeline for pipeline in pipelines_with_rules() if not pipeline.retired_at]


def process_by_id(pipeline_id: int) -> Process:
    return remembered(("process", pipeline_id), lambda: process_in_force(pipeline_id))


def process_in_force(pipeline_id: int) -> Process:
    published = PipelineVersion.objects.filter(pipeline_id=pipeline_id, published_at__isnull=False)
    latest = published.order_by("-number").values_list("pk", "published_at").first()
    if latest is None:
        raise Refused("This pipeline has no published rules yet.", code="no_rules")
    if latest not in _processes:
        version = PipelineVersion.objects.select_related("debt_blocks_at").get(pk=latest[0])
        _processes[latest] = read_process(version)
    return _processes[latest]


def read_process(version: PipelineVersion) -> Process:
    """Read one version into its frozen form."""
    rules = version.rules.select_related("stage").prefetch_related("items", "criteria")
    return Process(
        pipeline_id=version.pipeline_id,
        version_id=version.pk,
        number=version.number,
        rules=tuple(read_rule(rule) for rule in rules.order_by("position")),
        skipping=version.skipping,
        moving_back=version.moving_back,
        gate=version.gate,
        debt_blocks_at=version.debt_blocks_at.key if version.debt_blocks_at else "",
        debt_days=version.debt_days,
        buyer_silence_days=version.buyer_silence_days,
    )


def read_rule(rule: StageRule) -> Rule:
    return Rule(
        stage_id=rule.stage_id,
        key=rule.stage.key,
        name=rule.name or rule.stage.name,
        position=rule.position,
        kind=rule.kind,
        probability_percent=rule.probability_percent,
        forecast_category=rule.forecast_category,
        default_stale_days=rule.default_stale_days,
        may_create_here=rule.may_create_here,
        entry_roles=frozenset(rule.entry_roles),
        items=tuple(
            Item(item.key, item.label, item.none_allowed) for item in in_order(rule.items.all())
        ),
        criteria=tuple(
            Criterion(row.key, row.label, row.needs_note, row.derived_from)
            for row in in_order(rule.criteria.all())
        ),
    )


def in_order(rows: Iterable[Any]) -> list[Any]:
    return sorted(rows, key=lambda row: (row.position, row.pk))
