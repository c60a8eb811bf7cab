"""Lists of the API: filters with types, an order along an index, and pages by key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from django import forms
from django.core import signing
from django.core.validators import MaxValueValidator, MinValueValidator
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from pipeline.keyset import Order, page_of

USUAL, MOST = 50, 200
signer = signing.Signer(salt="api.cursor")


class KeysetPagination(BasePagination):
    """Pages that follow a signed mark, so that page 1,000 costs what page 1 costs."""

    def paginate_queryset(self, queryset, request, view=None):
        self.request = request
        name = request.query_params.get("ordering", "") or view.usual_order
        order = read_order(name, view.orders)
        after = read_cursor(request.query_params.get("cursor", ""), name)
        size = read_size(request.query_params.get("page_size", ""))
        if columns := view.columns():
            queryset = columns.read(queryset, order.field)
        page = page_of(queryset, order, after=after, size=size)
        self.next = signer.sign(f"{name} {page.next}") if page.next else ""
        return page.rows

    def get_paginated_response(self, data):
        return Response({"next": self.next_address(), "results": data})

    def next_address(self) -> str | None:
        if not self.next:
            return None
        return replace_query_param(self.request.build_absolute_uri(), "cursor", self.next)

    def get_paginated_response_schema(self, schema):
        return {
            "type": "object",
            "required": ["next", "results"],
            "properties": {
                "next": {"type": "string", "format": "uri", "nullable": True},
                "results": schema,
            },
        }

    def get_schema_operation_parameters(self, view):
        names = [sign + name for name in getattr(view, "orders", {}) for sign in ("", "-")]
        usual = getattr(view, "usual_order", None)
        return [
            query("cursor", {"type": "string"}, "Where the page begins, from `next`."),
            query(
                "page_size",
                {"type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL},
                "How many records a page has.",
            ),
            query(
                "ordering",
                {"type": "string", "enum": names, "default": usual},
                "What the list is sorted by; with a minus, the other way round.",
            ),
        ]


def query(name: str, schema: Mapping[str, Any], description: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": OpenApiParameter.QUERY,
        "schema": schema,
        "description": description,
    }


def read_order(name: str, orders: Mapping[str, Order]) -> Order:
    order = orders.get(name.removeprefix("-"))
    if order is None:
        raise ValidationError({"ordering": [f"One of {', '.join(orders)}."]})
    return replace(order, descending=name.startswith("-"))


def read_cursor(cursor: str, ordering: str) -> str:
    if not cursor:
        return ""
    try:
        name, _, mark = signer.unsign(cursor).partition(" ")
    except signing.BadSignature:
        name = mark = ""
    if name != ordering:
        raise ValidationError({"cursor": ["Take the cursor from `next` of the same list."]})
    return mark


def read_size(given: str) -> int:
    if not given:
        return USUAL
    if not (given.isascii() and given.isdigit() and 1 <= int(given[:6]) <= MOST):
        raise ValidationError({"page_size": [f"From 1 to {MOST}."]})
    return int(given)


# Filters


class NumberOf(filters.NumberFilter):
    """The number of a record."""

    field_class = forms.IntegerField

    def __init__(self, *args, **kwargs):
        super().__init__(*args, min_value=1, max_value=2**63 - 1, **kwargs)


class Amount(filters.NumberFilter):
    """An amount of money."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, max_digits=16, decimal_places=2, **kwargs)


class Text(filters.CharFilter):
    """A text, as short as what it is compared with."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **{"max_length": 200, **kwargs})


class Day(filters.DateFilter):
    """A day of a calendar in use: moments around it can be told in every zone."""

    def __init__(self, *args, **kwargs):
        bounds = [MinValueValidator(date(1900, 1, 1)), MaxValueValidator(date(2999, 12, 31))]
        super().__init__(*args, validators=bounds, **kwargs)
