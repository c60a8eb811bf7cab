"""What the database itself does for the pipeline: history is kept, changes of deals are marked."""

from __future__ import annotations

from pipeline.models import Deal, FindingFrame, FindingMark
from pipeline.models.deals import JUDGED
from revops.marking import MarkRule, declare_marks
from revops.triggers import declare

OF_RULE = (
    "EXISTS (SELECT 1 FROM pipeline_pipelineversion v "
    "WHERE v.id = {row}.version_id AND v.published_at IS NOT NULL)"
)
OF_PART = (
    "EXISTS (SELECT 1 FROM pipeline_stagerule r JOIN pipeline_pipelineversion v "
    "ON v.id = r.version_id WHERE r.id = {row}.rule_id AND v.published_at IS NOT NULL)"
)


def declare_history() -> None:
    """History is added to, published rules stand, and a debt or a visit ends once."""
    never = "published rules never change"
    declare(
        "pipeline_pipelineversion",
        frozen_when="{row}.published_at IS NOT NULL",
        why=never,
    )
    declare("pipeline_stagerule", frozen_when=OF_RULE, added=True, why=never)
    declare("pipeline_requireditem", frozen_when=OF_PART, added=True, why=never)
    declare("pipeline_exitcriterion", frozen_when=OF_PART, added=True, why=never)
    # What an import did not know of the past may be told later, once.
    declare("pipeline_stagevisit", once=("left_at", "entered_at"), from_empty=("skipped",))
    declare("pipeline_stageremoval", frozen_when=OF_RULE, added=True, why=never)
    declare("pipeline_closepush")
    declare("pipeline_closepullin")
    declare("pipeline_dealstanding", once=("until",))
    declare("pipeline_forecastcall", once=("ended_at", "ended_by_id"))
    declare("pipeline_forecastsnapshot")
    declare("pipeline_criteriontick", once=("withdrawn_at", "withdrawn_by_id"))
    # Who pays it off may change, since people leave.
    declare("pipeline_gatedebt", once=("paid_at", "paid_by_id"), free=("owner_id",))


def declare_finding_marks() -> None:
    """Whatever changes what findings are judged by marks the deal's owner."""
    declare_marks(
        MarkRule(
            table=Deal._meta.db_table,
            into=FindingMark._meta.db_table,
            whose="owner_id",
            columns=tuple(column_of(name) for name in JUDGED),
            condition="{row}.status = 'open'",
            afresh=f"DELETE FROM {FindingFrame._meta.db_table}",
        )
    )


def column_of(name: str) -> str:
    return str(Deal._meta.get_field(name).get_attname_column()[1])  # type: ignore[union-attr]
