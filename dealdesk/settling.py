"""What the decisions given so far add up to, for a step and for a whole request."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from dealdesk.policy import Role, StepMode


class Answer(StrEnum):
    """The state of one person in one group. Carried forward and bypassed count as a yes."""

    OPEN = "open"
    APPROVED = "approved"
    REJECTED = "rejected"
    CARRIED_FORWARD = "carried_forward"
    BYPASSED = "bypassed"
    GONE = "gone"


YES = {Answer.APPROVED, Answer.CARRIED_FORWARD, Answer.BYPASSED}


class Outcome(StrEnum):
    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class GroupState:
    """One role of a step: how many yes it needs, and what each person asked has answered."""

    role: Role
    needed: int
    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class StepState:
    key: str
    wave: int
    mode: StepMode
    groups: tuple[GroupState, ...]


@dataclass(frozen=True, slots=True)
class Settled:
    """The outcome of a request, of each step by key, and the wave that is asked now."""

    outcome: Outcome
    steps: tuple[tuple[str, Outcome], ...]
    open_wave: int | None

    def step(self, key: str) -> Outcome:
        return dict(self.steps)[key]


def settle(steps: Iterable[StepState], *, one_veto: bool = True) -> Settled:
    """Return where a request stands. One rejected step rejects it; all approved approve it."""
    steps = list(steps)
    outcomes = [(step.key, settle_step(step, one_veto=one_veto)) for step in steps]
    found = [outcome for _, outcome in outcomes]
    pending = [step.wave for step, o in zip(steps, found, strict=True) if o is Outcome.PENDING]
    if Outcome.REJECTED in found:
        return Settled(Outcome.REJECTED, tuple(outcomes), None)
    if pending:
        return Settled(Outcome.PENDING, tuple(outcomes), min(pending))
    return Settled(Outcome.APPROVED, tuple(outcomes), None)


def settle_step(step: StepState, *, one_veto: bool = True) -> Outcome:
    """Return where a step stands: each of its groups must reach what it needs."""
    found = [_settle_group(step.mode, group, one_veto) for group in step.groups]
    if Outcome.REJECTED in found:
        return Outcome.REJECTED
    return Outcome.PENDING if Outcome.PENDING in found else Outcome.APPROVED


def _settle_group(mode: StepMode, group: GroupState, one_veto: bool) -> Outcome:
    """Where one role of a step stands.

    One no ends it; with a quorum without veto, or a share, only when enough yes have become
    impossible. Where all must answer nothing ends before the last of them has, and one yes is
    enough then.
    """
    asked = [answer for answer in group.answers if answer is not Answer.GONE]
    yes = sum(answer in YES for answer in asked)
    no = asked.count(Answer.REJECTED)
    if mode is StepMode.ALL_ANSWERED:
        if not asked or yes + no < len(asked):
            return Outcome.PENDING
        return Outcome.APPROVED if yes else Outcome.REJECTED
    needed = len(asked) if mode is StepMode.UNANIMOUS else max(group.needed, 1)
    counted = mode is StepMode.PERCENT or (mode is StepMode.QUORUM and not one_veto)
    if no and (not counted or len(asked) - no < needed):
        return Outcome.REJECTED
    return Outcome.APPROVED if asked and yes >= needed else Outcome.PENDING
