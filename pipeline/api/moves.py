"""The moves of a deal: each verb by its gate, and what a gate asks."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.response import Response

from pipeline import operations
from pipeline.api.shapes import (
    AdvanceIn,
    DealDetail,
    GateOut,
    LoseIn,
    MoveIn,
    ReopenIn,
    SendBackIn,
    SkipIn,
)
from pipeline.gates import BesideOne, gate_of, load_facts
from pipeline.models import Deal, Move, Stage
from pipeline.operations.movement import HELD
from pipeline.stages import Process, classify_move, plan_move, process_by_id
from revops.api import IF_MATCH
from revops.refusals import Missing, Refused
from revops.remembering import holding

TO = OpenApiParameter("to", str, description="Key of a stage; without it, where advancing leads.")


class Moves:
    """The verbs that move a deal along its stages."""

    def moved(self, verb: Any, shape: Any) -> Response:
        """Call the verb's operation with what the caller says, and show the deal as it is now."""
        deal = self.get_object()
        facts = self.facts(shape, pipeline=deal.pipeline_id)
        return self.carried_out(verb, deal, facts, to=facts.get("to"))

    def carried_out(
        self,
        verb: Any,
        deal: Deal,
        facts: dict[str, Any],
        *,
        to: Stage | None = None,
        read_again: bool = False,
    ) -> Response:
        with holding(*HELD):
            moved = verb(deal=deal, **facts, version=self.version, by=self.by, at=self.at)
            read_again = read_again or bool(facts.get("evidence"))
            if read_again or not (moved.is_open and deal.is_open):
                return self.show(moved)
            return self.show_read(with_names_of(deal, moved, to))

    @extend_schema(request=AdvanceIn, responses=DealDetail, parameters=[IF_MATCH])
    @action(detail=True, methods=["post"])
    def advance(self, request, pk):
        """Move the deal into the next stage; 422 lists everything that is missing."""
        return self.moved(operations.advance_deal, AdvanceIn)

    @extend_schema(request=SkipIn, responses=DealDetail, parameters=[IF_MATCH])
    @action(detail=True, methods=["post"])
    def skip(self, request, pk):
        """Move the deal over one stage or more; what the skipped ones ask is owed."""
        return self.moved(operations.skip_deal, SkipIn)

    @extend_schema(request=SendBackIn, responses=DealDetail, parameters=[IF_MATCH])
    @action(detail=True, methods=["post"], url_path="send-back")
    def send_back(self, request, pk):
        """Move the deal back to an earlier stage, with a reason."""
        return self.moved(operations.send_back_deal, SendBackIn)

    @extend_schema(request=AdvanceIn, responses=DealDetail, parameters=[IF_MATCH])
    @action(detail=True, methods=["post"])
    def win(self, request, pk):
        """Close the deal as won."""
        return self.moved(operations.win_deal, AdvanceIn)

    @extend_schema(request=LoseIn, responses=DealDetail, parameters=[IF_MATCH])
    @action(detail=True, methods=["post"])
    def lose(self, request, pk):
        """Close the deal as lost, with a reason and the competitor, or that there was none."""
        return self.moved(operations.lose_deal, LoseIn)

    @extend_schema(request=ReopenIn, responses=DealDetail, parameters=[IF_MATCH])
    @action(detail=True, methods=["post"])
    def reopen(self, request, pk):
        """Take up a closed deal again."""
        return self.moved(operations.reopen_deal, ReopenIn)

    @extend_schema(request=MoveIn, responses=DealDetail, parameters=[IF_MATCH])
    @action(detail=True, methods=["post"])
    def move(self, request, pk):
        """Move the deal to a stage by whatever verb that takes, as a drop on the board does."""
        deal = self.get_object()
        facts = self.facts(MoveIn, pipeline=deal.pipeline_id)
        process = process_by_id(deal.pipeline_id)
        move = classify_move(process, deal.stage.key, facts["to"].key, deal.status)
        verb, names = VERBS[move]
        told = {name: facts[name] for name in names if name in facts}
        return self.carried_out(verb, deal, told, to=facts["to"])

    @extend_schema(responses={200: GateOut, 422: None}, parameters=[TO])
    @action(detail=True, methods=["get"], pagination_class=None, filterset_class=None)
    def gate(self, request, pk):
        """What stands between the deal and a stage."""
        deal = self.get_object()
        return Response(show_gate(deal, request.query_params.get("to", ""), at=self.at))


def with_names_of(read: Deal, moved: Deal, stage: Stage | None) -> Deal:
    """The deal as its move left it, with what was read beside it for the same request."""
    for name in ("account", "owner", "pipeline"):
        if getattr(moved, f"{name}_id") == getattr(read, f"{name}_id"):
            setattr(moved, name, getattr(read, name))
    if stage is not None and moved.stage_id == stage.pk:
        moved.stage = stage
    return moved


VERBS = {
    Move.ADVANCE: (operations.advance_deal, ["evidence"]),
    Move.SKIP: (operations.skip_deal, ["to", "reason", "evidence"]),
    Move.SEND_BACK: (operations.send_back_deal, ["to", "reason"]),
    Move.WIN: (operations.win_deal, ["evidence"]),
    Move.LOSE: (
        operations.lose_deal,
        ["loss_reason", "competitor", "competitor_none", "note", "evidence"],
    ),
    Move.REOPEN: (operations.reopen_deal, ["reason", "close_date"]),
}


def show_gate(deal: Deal, to: str, *, at: datetime) -> dict[str, Any]:
    """Name the move to that stage, or to the next, and everything unmet."""
    process = process_by_id(deal.pipeline_id)
    key = to[:50] or next_key(process, deal)
    move = classify_move(process, deal.stage.key, key, deal.status)
    missing = gate_of(deal, plan_move(process, deal, move, key), at)
    return {"move": move, "to": key, "missing": [asdict(each) for each in missing]}


def next_key(process: Process, deal: Deal) -> str:
    """The stage after the present one; after the last, the won one."""
    following = process.next_of(deal.stage.key)
    return following.key if following else process.won.key


def next_gate(deal: Deal, *, at: datetime, known: BesideOne) -> tuple[str, list[Missing]]:
    """Where an open deal goes next, and what that asks; nothing for one that is closed."""
    if not deal.is_open:
        return "", []
    try:
        process = process_by_id(deal.pipeline_id)
        following = process.next_of(deal.stage.key)
        move = Move.ADVANCE if following else Move.WIN
        facts = load_facts(deal, at, known=known)
        return following.key if following else "", gate_of(deal, move, at, facts=facts)
    except Refused:
        # A stage that the present rules no longer have leads nowhere by itself.
        return "", []
