"""Structure, size and segments: how long, how much a year, with whom."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django import forms
from django.utils.text import slugify

from dealdesk.models import PolicyDraft
from dealdesk.policy import EnterpriseWith, SegmentBand, SizeAxis, SizeMode, StructureAxis
from dealdesk.policyforms.shared import (
    Area,
    Part,
    RolesField,
    RowForm,
    Rows,
    several,
    values,
    with_kept,
)
from revops.frame.forms import MoneyField


class StructureForm(RowForm):
    standard_months = forms.IntegerField(
        min_value=1, max_value=1200, label="Standard term, in months", help_text="Longer asks."
    )
    long_term_roles = RolesField(label="A longer term asks")
    custom_multiyear_roles = RolesField(label="A longer term at a discount asks also")
    enterprise_roles = RolesField(label="An account in one of the segments above asks")
    needs_more = forms.BooleanField(
        required=False, label="Only together with one of what is ticked or filled here:"
    )
    nonstandard_term = forms.BooleanField(required=False, label="A non-standard term")
    beyond_rep_authority = forms.BooleanField(
        required=False, label="A discount beyond the rep's authority"
    )
    annual_value_above = MoneyField(required=False, min_value=0, label="Annual value above")
    unknown_as = forms.ChoiceField(label="An unknown head count is judged as", required=False)

    field_order = [
        "standard_months",
        "long_term_roles",
        "custom_multiyear_roles",
        "enterprise_segments",
        "enterprise_roles",
        "needs_more",
        "nonstandard_term",
        "beyond_rep_authority",
        "annual_value_above",
        "unknown_as",
    ]

    def __init__(
        self, *args: Any, segments: list[tuple[str, str]], currency: str, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["enterprise_segments"] = several(segments, "Segments that ask")
        self.fields["unknown_as"].choices = [("", "No segment"), *segments]  # type: ignore[attr-defined]
        self.fields["annual_value_above"].set_currency(currency)  # type: ignore[attr-defined]
        self.order_fields(self.field_order)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        more = ("nonstandard_term", "beyond_rep_authority", "annual_value_above")
        if (
            cleaned.get("needs_more")
            and not self.errors
            and all(cleaned.get(name) in (None, False) for name in more)
        ):
            self.add_error("needs_more", "Tick or fill at least one of the three.")
        return cleaned


class StructureArea(Area):
    key, title = "structure", "Structure"
    lead = "How long a customer is bound, and which accounts ask for more eyes."
    lints = ("structure",)

    def build(self) -> None:
        axis = self.policy.structure
        more = axis.only_with or EnterpriseWith()
        kept = [*axis.enterprise_segments, axis.unknown_as]
        self.form = StructureForm(
            segments=with_kept([(band.key, band.label) for band in self.policy.segments], kept),
            currency=self.ground.currency,
            **self.initial(
                standard_months=axis.standard_months,
                long_term_roles=values(axis.long_term_roles),
                custom_multiyear_roles=values(axis.custom_multiyear_roles),
                enterprise_segments=list(axis.enterprise_segments),
                enterprise_roles=values(axis.enterprise_roles),
                needs_more=axis.only_with is not None,
                nonstandard_term=more.nonstandard_term,
                beyond_rep_authority=more.beyond_rep_authority,
                annual_value_above=more.annual_value_above,
                unknown_as=axis.unknown_as,
            ),
        )

    def parts(self) -> list[Part]:
        return [self.form]

    def changes(self) -> dict[str, Any]:
        said = self.form.cleaned_data
        only_with = None
        if said["needs_more"]:
            only_with = EnterpriseWith(
                said["nonstandard_term"],
                said["beyond_rep_authority"],
                said["annual_value_above"],
            )
        axis = StructureAxis(
            said["standard_months"],
            said["long_term_roles"],
            said["custom_multiyear_roles"],
            tuple(said["enterprise_segments"]),
            said["enterprise_roles"],
            said["unknown_as"],
            only_with,
        )
        return {"structure": axis}


class SizeForm(RowForm):
    mode = forms.ChoiceField(
        choices=PolicyDraft.SizeMode.choices, label="A larger contract year", help_text=""
    )
    threshold = MoneyField(
        min_value=0,
        label="Larger than",
        help_text="Net of the largest contract year, one-offs included.",
    )
    roles = RolesField(label="Who is asked or told")

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["threshold"].set_currency(currency)  # type: ignore[attr-defined]


class SizeArea(Area):
    key, title = "size", "Size"
    lead = "What a large deal asks, whatever its discount."
    lints = ("size",)

    def build(self) -> None:
        size = self.policy.size
        self.form = SizeForm(
            currency=self.ground.currency,
            **self.initial(
                mode=size.mode.value, threshold=size.threshold, roles=values(size.roles)
            ),
        )

    def parts(self) -> list[Part]:
        return [self.form]

    def changes(self) -> dict[str, Any]:
        said = self.form.cleaned_data
        return {"size": SizeAxis(SizeMode(said["mode"]), said["threshold"], said["roles"])}


class SegmentForm(RowForm):
    key = forms.CharField(required=False, widget=forms.HiddenInput)
    label = forms.CharField(max_length=100, label="Called")
    from_heads = forms.IntegerField(min_value=0, max_value=10**9, label="From heads")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        key = cleaned.get("key") or slugify(cleaned.get("label", "")).replace("-", "_")[:50]
        if cleaned.get("label") and not key:
            self.add_error("label", "Give it a name with letters or digits.")
        return {**cleaned, "key": key}


class WhoseForm(RowForm):
    segment_of_parent = forms.BooleanField(
        required=False, label="The head count is that of the ultimate parent"
    )


class SegmentArea(Area):
    key, title = "segments", "Segments"
    lead = "A segment starts at so many heads and ends where the next one starts."
    lints = ("segments",)

    def build(self) -> None:
        self.rows = Rows(
            SegmentForm,
            "segment",
            data=self.data,
            initial=[
                {"key": band.key, "label": band.label, "from_heads": band.from_heads}
                for band in self.policy.segments
            ],
        )
        self.form = WhoseForm(**self.initial(segment_of_parent=self.policy.segment_of_parent))

    def parts(self) -> list[Part]:
        return [self.rows, self.form]

    def is_valid(self) -> bool:
        valid = super().is_valid()
        seen: set[str] = set()
        for form in self.rows.forms:
            key = form.cleaned_data.get("key", "") if form.is_valid() else ""
            if key and key in seen:
                form.add_error("label", "There is a segment of this name already.")
                valid = False
            seen.add(key)
        return valid

    def changes(self) -> dict[str, Any]:
        bands = [
            SegmentBand(row["key"], row["label"], row["from_heads"]) for row in self.rows.cleaned
        ]
        parent = self.form.cleaned_data["segment_of_parent"]
        ordered = tuple(sorted(bands, key=lambda band: band.from_heads))
        return {"segments": ordered, "segment_of_parent": parent, **self.renamed(ordered)}

    def renamed(self, bands: tuple[SegmentBand, ...]) -> dict[str, Any]:
        """What names segments that are no more names them no longer."""
        keys = {band.key for band in bands}
        gone = {band.key for band in self.policy.segments} - keys
        axis = self.policy.structure
        left = tuple(key for key in axis.enterprise_segments if key not in gone)
        if left == axis.enterprise_segments:
            return {}
        return {"structure": replace(axis, enterprise_segments=left)}
