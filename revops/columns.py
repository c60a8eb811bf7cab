"""Lists of the API read straight from columns: of rows that are only shown, no records are made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from revops.addresses import address_of

AS_IT_IS = (serializers.CharField, serializers.SlugRelatedField, serializers.IntegerField)
"""Fields that show what their column holds, and nothing else."""


class AddressField(serializers.CharField):
    """The address of the page `name` of the record whose number it reads."""

    def __init__(self, name: str, **kwargs: Any) -> None:
        self.name = name
        super().__init__(source="pk", read_only=True, **kwargs)

    def to_representation(self, value: Any) -> str:
        return address_of(self.name, value)


@dataclass(frozen=True)
class Column:
    """What one field shows: a column as it is, told in some way, or a shape within the shape."""

    name: str
    lookup: str
    show: Callable[[Any], Any] | None = None
    within: Columns | None = None


class Columns:
    """Where a shape finds what it shows, as lookups of a queryset, and how it tells them.

    It says what the shape itself would say of the record.
    """

    def __init__(self, shape: serializers.ModelSerializer, path: str = "") -> None:
        self.columns = [column_of(field, path) for field in shape._readable_fields]

    def lookups(self) -> Iterator[str]:
        for column in self.columns:
            yield column.lookup
            if column.within:
                yield from column.within.lookups()

    def read(self, rows: QuerySet[Any], *also: str) -> QuerySet[Any]:
        """The rows with the columns that are shown, their number, and those named."""
        return rows.values(*dict.fromkeys([*self.lookups(), "pk", *also]))

    def tell(self, row: Mapping[str, Any]) -> dict[str, Any]:
        shown: dict[str, Any] = {}
        for column in self.columns:
            value = row[column.lookup]
            if value is not None:
                if column.within is not None:
                    value = column.within.tell(row)
                elif column.show is not None:
                    value = column.show(value)
            shown[column.name] = value
        return shown


def column_of(field: Any, path: str) -> Column:
    name, source = field.field_name, path + "__".join(field.source_attrs)
    if isinstance(field, serializers.ModelSerializer):
        return Column(name, f"{source}_id", within=Columns(field, f"{source}__"))
    if isinstance(field, serializers.SlugRelatedField):
        source += f"__{field.slug_field}"
    if type(field) in AS_IT_IS:
        return Column(name, source)
    is_moment = type(field) is serializers.DateTimeField
    return Column(name, source, show=moment_text if is_moment else field.to_representation)


def moment_text(moment: datetime) -> str:
    """A moment as DRF tells it while UTC is in force, as it is for every endpoint."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


@cache
def columns_of(shape: type[serializers.ModelSerializer]) -> Columns:
    """The columns of a shape, found once for each process."""
    return Columns(shape())
