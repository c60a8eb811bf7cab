"""A trade typed into the sheet of a quote."""

from __future__ import annotations

from decimal import Decimal

from dealdesk.forms.choices import Choices
from dealdesk.forms.typed import Raw, text_of
from dealdesk.models import QuoteLine
from dealdesk.policy import billing_rank
from dealdesk.trades import Edit, EditKind, Trade

Typed = QuoteLine.Typed


def type_trade(raw: Raw, trade: Trade, choices: Choices) -> None:
    """Type the edits of a trade into a sheet, as somebody would by hand."""
    for edit in trade.edits:
        if edit.kind in ON_LINES:
            for row in raw.lines:
                if row.get("key") == edit.about:
                    type_on_line(row, edit)
        elif edit.kind is EditKind.TERM:
            raw.header["term_months"] = text_of(edit.value)
        elif edit.kind is EditKind.DROP_TERM:
            gone = {str(term.pk) for term in choices.terms if term.key == edit.about}
            raw.terms = [row for row in raw.terms if row.get("term") not in gone]
        else:
            type_timing(raw, edit, choices)


ON_LINES = {EditKind.PERCENT, EditKind.NET, EditKind.YEAR_NET, EditKind.NO_CLAIM}


def type_on_line(row: dict[str, str], edit: Edit) -> None:
    if edit.kind is EditKind.YEAR_NET:
        row[f"y{edit.year}-wish"] = text_of(edit.value)
        row[f"y{edit.year}-typed"] = Typed.NET_AMOUNT.value
        return
    if edit.kind is EditKind.NO_CLAIM:
        row["discount_kind"] = QuoteLine.DiscountKind.DISCRETIONARY.value
    for name in [name for name in row if name.startswith("y") and name.endswith("-wish")]:
        row[name] = ""
    row["wish"] = "" if edit.kind is EditKind.NO_CLAIM else text_of(edit.value)
    typed = Typed.NET_AMOUNT if edit.kind is EditKind.NET else Typed.PERCENT
    row["typed"] = typed.value


def type_timing(raw: Raw, edit: Edit, choices: Choices) -> None:
    """Choose the latest payment or billing that is not later than the edit says."""
    most = edit.value or Decimal(0)
    if edit.kind is EditKind.PAYMENT:
        ranked = [(row.net_days, row.pk) for row in choices.payment_terms]
        name = "payment_terms"
    else:
        ranked = [
            (billing_rank(row.months_ahead, in_arrears=row.in_arrears), row.pk)
            for row in choices.billing
        ]
        name = "billing"
    fitting = [pair for pair in ranked if pair[0] <= most]
    if fitting:
        raw.header[name] = str(max(fitting)[1])
