"""Every change of the pipeline's records; see each module for its verbs."""

from pipeline.operations.accounts import (
    change_account,
    change_contact,
    create_account,
    create_contact,
    override_segment,
)
from pipeline.operations.actions import add_stage_action, retire_stage_action
from pipeline.operations.alerts import set_alert_preference, sweep_findings
from pipeline.operations.bulk import (
    MoveResult,
    bulk_move_deals,
    hand_over_deals,
    reassign_deals,
)
from pipeline.operations.buying import (
    add_member,
    link_contact,
    log_activity,
    remove_member,
    unlink_contact,
)
from pipeline.operations.close_dates import (
    Push,
    PushResult,
    pull_in_close_date,
    push_close_date,
    push_close_dates,
)
from pipeline.operations.closing import lose_deal, reopen_deal, win_deal
from pipeline.operations.deals import (
    change_deal,
    create_deal,
    plan_next_step,
    reassign_deal,
)
from pipeline.operations.debts import assign_debt
from pipeline.operations.digests import send_digests
from pipeline.operations.evidence import (
    declare_none,
    fill_items,
    tick_criterion,
    withdraw_none,
    withdraw_tick,
)
from pipeline.operations.forecasts import call_forecast, end_call, take_snapshots
from pipeline.operations.junk import add_junk_word, retire_junk_word
from pipeline.operations.moves import advance_deal, send_back_deal, skip_deal
from pipeline.operations.overrides import override_move
from pipeline.operations.quotas import (
    change_quota,
    remove_quota,
    set_quota,
    set_quotas,
)
from pipeline.operations.stagehistory import add_stage_history
from pipeline.operations.syncing import Placing, sync_deal
from pipeline.operations.transfers import transfer_deal

__all__ = [
    "MoveResult",
    "Placing",
    "Push",
    "PushResult",
    "add_junk_word",
    "add_member",
    "add_stage_action",
    "add_stage_history",
    "advance_deal",
    "assign_debt",
    "bulk_move_deals",
    "call_forecast",
    "change_account",
    "change_contact",
    "change_deal",
    "change_quota",
    "create_account",
    "create_contact",
    "create_deal",
    "declare_none",
    "end_call",
    "fill_items",
    "hand_over_deals",
    "link_contact",
    "log_activity",
    "lose_deal",
    "override_move",
    "override_segment",
    "plan_next_step",
    "pull_in_close_date",
    "push_close_date",
    "push_close_dates",
    "reassign_deal",
    "reassign_deals",
    "remove_member",
    "remove_quota",
    "reopen_deal",
    "retire_junk_word",
    "retire_stage_action",
    "send_back_deal",
    "send_digests",
    "set_alert_preference",
    "set_quota",
    "set_quotas",
    "skip_deal",
    "sweep_findings",
    "sync_deal",
    "take_snapshots",
    "tick_criterion",
    "transfer_deal",
    "unlink_contact",
    "win_deal",
    "withdraw_none",
    "withdraw_tick",
]
