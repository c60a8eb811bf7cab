"""The records of the pipeline, by their nouns."""

from pipeline.models.accounts import Account, Contact, Segment
from pipeline.models.actions import StageAction
from pipeline.models.alerts import AlertPreference, DigestSent, FindingAlert
from pipeline.models.cleanups import CleanUpRun
from pipeline.models.deals import (
    Activity,
    Deal,
    DealContact,
    DealMember,
    DeclaredNone,
)
from pipeline.models.findings import FindingFrame, FindingMark, FindingTally, TurningDeal
from pipeline.models.history import (
    ClosePullIn,
    ClosePush,
    CriterionTick,
    GateDebt,
    Move,
    StageRollup,
    StageVisit,
)
from pipeline.models.numbers import (
    DealStanding,
    ForecastCall,
    ForecastSnapshot,
    Quota,
    Tally,
    TallyMark,
)
from pipeline.models.process import (
    Choice,
    ExitCriterion,
    JunkWord,
    Pipeline,
    PipelineVersion,
    RequiredItem,
    Stage,
    StageRemoval,
    StageRule,
)

__all__ = [
    "Account",
    "Activity",
    "AlertPreference",
    "Choice",
    "CleanUpRun",
    "ClosePullIn",
    "ClosePush",
    "Contact",
    "CriterionTick",
    "Deal",
    "DealContact",
    "DealMember",
    "DealStanding",
    "DeclaredNone",
    "DigestSent",
    "ExitCriterion",
    "FindingAlert",
    "FindingFrame",
    "FindingMark",
    "FindingTally",
    "ForecastCall",
    "ForecastSnapshot",
    "GateDebt",
    "JunkWord",
    "Move",
    "Pipeline",
    "PipelineVersion",
    "Quota",
    "RequiredItem",
    "Segment",
    "Stage",
    "StageAction",
    "StageRemoval",
    "StageRollup",
    "StageRule",
    "StageVisit",
    "Tally",
    "TallyMark",
    "TurningDeal",
]
