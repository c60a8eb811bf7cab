"""Every change of the deal desk, by its verb."""

from dealdesk.operations.absences import follow_absences
from dealdesk.operations.cases import add_case, change_case, restore_case, retire_case
from dealdesk.operations.claims import claim_approval, release_approval
from dealdesk.operations.clocks import run_clocks
from dealdesk.operations.conversation import (
    answer_question,
    ask_submitter,
    comment_on_request,
)
from dealdesk.operations.counters import (
    accept_counter,
    counter_offer,
    decline_counter,
    take_up_counter,
)
from dealdesk.operations.decisions import decide_approval, send_fresh_link
from dealdesk.operations.exceptional import (
    add_approver,
    bypass_request,
    meet_condition,
    reassign_approval,
)
from dealdesk.operations.grants import end_ungranted, give_grant, revoke_grant
from dealdesk.operations.handing import hand_over_approvals
from dealdesk.operations.nudges import nudge_approvers
from dealdesk.operations.openings import note_opening
from dealdesk.operations.policies import publish_policy, publish_preset
from dealdesk.operations.prices import (
    add_product,
    add_term,
    change_product,
    change_term,
    set_price,
    set_term_discount,
    set_volume_tier,
)
from dealdesk.operations.quotes import (
    clone_quote,
    create_quote,
    make_primary,
    revise_quote,
    save_quote,
)
from dealdesk.operations.replies import take_reply
from dealdesk.operations.requests import (
    expire_requests,
    lapse_approvals,
    preview_draft,
    preview_quote,
    recall_request,
    restaff_requests,
    revoke_decision,
)
from dealdesk.operations.retyping import retype_discount
from dealdesk.operations.submitting import submit_quote
from dealdesk.operations.threads import (
    ask_desk,
    close_thread,
    hand_thread_on,
    remind_late_threads,
    reply_in_thread,
)
from dealdesk.operations.together import decide_together

__all__ = [
    "accept_counter",
    "add_approver",
    "add_case",
    "add_product",
    "add_term",
    "answer_question",
    "ask_desk",
    "ask_submitter",
    "bypass_request",
    "change_case",
    "change_product",
    "change_term",
    "claim_approval",
    "clone_quote",
    "close_thread",
    "comment_on_request",
    "counter_offer",
    "create_quote",
    "decide_approval",
    "decide_together",
    "decline_counter",
    "end_ungranted",
    "expire_requests",
    "follow_absences",
    "give_grant",
    "hand_over_approvals",
    "hand_thread_on",
    "lapse_approvals",
    "make_primary",
    "meet_condition",
    "note_opening",
    "nudge_approvers",
    "preview_draft",
    "preview_quote",
    "publish_policy",
    "publish_preset",
    "reassign_approval",
    "recall_request",
    "release_approval",
    "remind_late_threads",
    "reply_in_thread",
    "restaff_requests",
    "restore_case",
    "retire_case",
    "retype_discount",
    "revise_quote",
    "revoke_decision",
    "revoke_grant",
    "run_clocks",
    "save_quote",
    "send_fresh_link",
    "set_price",
    "set_term_discount",
    "set_volume_tier",
    "submit_quote",
    "take_reply",
    "take_up_counter",
]
