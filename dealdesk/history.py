"""What the database itself keeps from being rewritten at the deal desk."""

from __future__ import annotations

from revops.triggers import declare

SUBMITTED = "a submitted revision never changes"
PARENTS = {
    "dealdesk_quoteline": "{row}.quote_id",
    "dealdesk_concession": "{row}.quote_id",
    "dealdesk_quoteterm": "{row}.quote_id",
    "dealdesk_lineyear": "(SELECT quote_id FROM dealdesk_quoteline WHERE id = {row}.line_id)",
}
"""Rows that belong to a quote, and how each finds it."""


def declare_history() -> None:
    for table in (
        "dealdesk_decision",
        "dealdesk_decisionrevocation",
        "dealdesk_termssnapshot",
        "dealdesk_quoteedit",
        "dealdesk_requestmessage",
        "dealdesk_deskmessage",
        "dealdesk_approvalopening",
        "dealdesk_nudge",
        "dealdesk_mailreply",
    ):
        declare(table)
    declare("dealdesk_approvalcondition", once=("done_at", "done_by_id", "done_note"))
    declare(
        "dealdesk_policyversion",
        once=("confirmed_at", "confirmed_by_id"),
        free=("in_force",),
        why="a published policy never changes",
    )
    declare(
        "dealdesk_counteroffer", once=("answer", "answered_at", "answered_by_id", "answer_note")
    )
    declare(
        "dealdesk_standinggrant",
        free=("used_count", "used_amount"),
        once=("revoked_at", "revoked_by_id", "revoked_why"),
        why="another scope is another grant",
    )
    declare("dealdesk_grantuse", once=("returned_at", "returned_why"))
    declare("dealdesk_slotclaim", once=("released_at",))
    declare(
        "dealdesk_quote",
        free=("is_primary", "version"),
        frozen_when="{row}.status = 'submitted'",
        why=SUBMITTED,
    )
    for table, parent in PARENTS.items():
        declare(
            table,
            frozen_when=(
                "EXISTS (SELECT 1 FROM dealdesk_quote "
                f"WHERE id = {parent} AND status = 'submitted')"
            ),
            added=True,
            why=SUBMITTED,
        )
