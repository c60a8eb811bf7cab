"""Asking for many rows by their numbers."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from django.db.models import BigIntegerField, Expression


class Among(Expression):
    """Many numbers as one parameter, for `__in`.

    Hundreds of parameters cost more to write into a statement than it takes to answer it.
    """

    def __init__(self, numbers: Iterable[int]) -> None:
        super().__init__(output_field=BigIntegerField())
        self.numbers = sorted(numbers)

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[str | int, ...]]:
        return "SELECT value FROM json_each(%s)", (json.dumps(self.numbers),)

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, tuple[str | int, ...]]:
        return "SELECT unnest(%s::bigint[])", (f"{{{json.dumps(self.numbers)[1:-1]}}}",)
