"""Fields in the cells of a table."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms

from revops.frame.forms import FigureField, FigureInput, plain_percent


class CellFigure(FigureInput):
    """A figure in a cell of a table."""

    def __init__(self, label: str, placeholder: str = "", unit: str = "") -> None:
        attrs = {"class": "cell-input", "aria-label": label}
        if placeholder:
            attrs["placeholder"] = placeholder
        super().__init__(attrs, unit=unit)


def cell_select(label: str) -> forms.Select:
    return forms.Select({"class": "cell-input", "aria-label": label})


class WishField(FigureField):
    """A discount or price as it is typed: 25, 25.0, 25,0 % and 1,250.50 are all understood."""

    def to_python(self, value: Any) -> Decimal | None:
        text = str(value or "").strip()
        return super().to_python(plain_percent(text) if text.endswith("%") else text)
