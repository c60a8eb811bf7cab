"""What is wrong with an open deal: the one definition that every page, alert and report shares.

Each kind says it twice, as a condition that finds such deals in the database and as a judgement
of one deal at hand; a test holds the two together. Nothing is stored: limits are applied when
asked, so that a changed rule holds for old deals too.

    context = read_context(at)
    find(deals, "stale", context)            those of a queryset, one kind or several
    findings_for(deals, context)             {deal.pk: [Finding, …]}, read in batch
    findings_of(deal, context)               of one deal, the worst first
"""

from pipeline.findings.context import (
    Context,
    average_days,
    days_in_stage,
    read_context,
    stale_after,
)
from pipeline.findings.judging import (
    PROBLEMS,
    Finding,
    condition,
    find,
    findings_for,
    findings_of,
    has_problem,
    kind_of,
    kinds,
    problem_keys,
)
from pipeline.findings.kinds import waits_for_review
from pipeline.registry import FindingKind as Kind
from pipeline.registry import Seen

__all__ = [
    "PROBLEMS",
    "Context",
    "Finding",
    "Kind",
    "Seen",
    "average_days",
    "condition",
    "days_in_stage",
    "find",
    "findings_for",
    "findings_of",
    "has_problem",
    "kind_of",
    "kinds",
    "problem_keys",
    "read_context",
    "stale_after",
    "waits_for_review",
]
