"""The records of the pipeline, by their nouns."""

from pipeline.models.accounts import Account, Contact, Segment
from pipeline.models.deals import (
    Activity,
    Deal,
    DealContact,
    DealMember,
    DeclaredNone,
)
from pipeline.models.history import (
    ClosePush,
    CriterionTick,
    GateDebt,
    Move,
    StageRollup,
    StageVisit,
)
from pipeline.models.process import (
    Choice,
    ExitCriterion,
    Pipeline,
    PipelineVersion,
    RequiredItem,
    Stage,
    StageRule,
)

__all__ = [
    "Account",
    "Activity",
    "Choice",
    "ClosePush",
    "Contact",
    "CriterionTick",
    "Deal",
    "DealContact",
    "DealMember",
    "DeclaredNone",
    "ExitCriterion",
    "GateDebt",
    "Move",
    "Pipeline",
    "PipelineVersion",
    "RequiredItem",
    "Segment",
    "Stage",
    "StageRollup",
    "StageRule",
    "StageVisit",
]
