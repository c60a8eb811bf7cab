"""Filters of the API's lists."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django_filters.rest_framework import DjangoFilterBackend


class AskedFilters(DjangoFilterBackend):
    """Sets filters up for a request that names one of them, and for no other."""

    def filter_queryset(self, request: Any, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        kinds = self.get_filterset_class(view, queryset)
        if kinds is None or kinds.base_filters.keys().isdisjoint(request.query_params):
            return queryset
        return super().filter_queryset(request, queryset, view)
