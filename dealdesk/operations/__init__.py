"""Every change of the deal desk, by its verb."""

from dealdesk.operations.conversation import (
    answer_question,
    ask_submitter,
    comment_on_request,
)
from dealdesk.operations.decisions import decide_approval, send_fresh_link
from dealdesk.operations.exceptional import bypass_request, meet_condition, reassign_approval
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
from dealdesk.operations.requests import (
    expire_requests,
    preview_draft,
    preview_quote,
    recall_request,
    restaff_requests,
    revoke_decision,
    submit_quote,
)

__all__ = [
    "add_product",
    "add_term",
    "answer_question",
    "ask_submitter",
    "bypass_request",
    "change_product",
    "change_term",
    "clone_quote",
    "comment_on_request",
    "create_quote",
    "decide_approval",
    "expire_requests",
    "make_primary",
    "meet_condition",
    "preview_draft",
    "preview_quote",
    "publish_policy",
    "publish_preset",
    "reassign_approval",
    "recall_request",
    "restaff_requests",
    "revise_quote",
    "revoke_decision",
    "save_quote",
    "send_fresh_link",
    "set_price",
    "set_term_discount",
    "set_volume_tier",
    "submit_quote",
]
