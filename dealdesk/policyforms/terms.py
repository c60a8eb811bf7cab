"""Terms and payment: standards of cash timing, volume claims, the catalogue's categories."""

from __future__ import annotations

from typing import Any

from django import forms

from dealdesk.models import NonStandardTerm
from dealdesk.policy import (
    CashTiming,
    CashTimingFor,
    CategoryRule,
    TermCategory,
    TimingKind,
)
from dealdesk.policyforms.shared import (
    Area,
    Choices,
    Part,
    RolesField,
    RowForm,
    Rows,
    several,
    values,
    with_kept,
)


def timing_choices(offered: tuple[tuple[str, int], ...], kept: list[CashTiming]) -> Choices:
    """Standards to choose from, spelled rank and label; those that stand come first."""
    found = [(timing.rank, timing.label) for timing in kept]
    ranks = {timing.rank for timing in kept}
    found += [(rank, name) for name, rank in offered if rank not in ranks]
    unique = dict.fromkeys(sorted(found))
    return [(f"{rank}|{label}", label) for rank, label in unique]


def spelled(timing: CashTiming) -> str:
    return f"{timing.rank}|{timing.label}"


def read_timing(row: dict[str, Any]) -> CashTiming:
    rank, _, label = row["standard"].partition("|")
    return CashTiming(label, int(rank), row["roles"])


class TimingForm(RowForm):
    standard = forms.ChoiceField(label="Standard")
    roles = RolesField(label="Later asks")

    def __init__(self, *args: Any, choices: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["standard"].choices = choices  # type: ignore[attr-defined]


class OtherTimingForm(RowForm):
    """Another standard, for a segment, a region or both."""

    standard = forms.ChoiceField(label="Standard")
    segment = forms.ChoiceField(required=False)
    region = forms.ChoiceField(required=False)
    roles = RolesField(label="Later asks")

    def __init__(
        self, *args: Any, standards: Choices, segments: Choices, regions: Choices, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["standard"].choices = standards  # type: ignore[attr-defined]
        self.fields["segment"].choices = [("", "Any segment"), *segments]  # type: ignore[attr-defined]
        self.fields["region"].choices = [("", "Any region"), *regions]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not cleaned.get("segment") and not cleaned.get("region"):
            self.add_error("segment", "Choose a segment or a region; the general one is above.")
        return cleaned


class RestForm(RowForm):
    volume_roles = RolesField(label="A volume tier above the one its quantity earns asks")
    owners_too = forms.BooleanField(
        required=False, label="The owners of a catalogue term are asked besides its category's"
    )

    def __init__(self, *args: Any, terms: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["adopted"] = several(terms, "Adopted as standard: these ask nobody")


class CategoryForm(RowForm):
    roles = RolesField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        place = int(self.prefix.rpartition("-")[2]) if self.prefix else 0
        self.category = list(TermCategory)[min(place, len(TermCategory) - 1)]
        self.fields["roles"].label = NonStandardTerm.Category(self.category.value).label


class TermsArea(Area):
    key, title = "terms", "Terms and payment"
    lead = "Sooner cash than standard never asks anybody; later cash does."
    lints = ("terms", "timings")

    def build(self) -> None:
        terms, ground = self.policy.terms, self.ground
        payments = [terms.payment, *self.others(TimingKind.PAYMENT)]
        billings = [terms.billing, *self.others(TimingKind.BILLING)]
        choices = {
            "payment": timing_choices(ground.payments, payments),
            "billing": timing_choices(ground.billings, billings),
        }
        self.payment = self.general(terms.payment, "payment", choices["payment"])
        self.billing = self.general(terms.billing, "billing", choices["billing"])
        self.other_payments = self.rows(TimingKind.PAYMENT, choices["payment"])
        self.other_billings = self.rows(TimingKind.BILLING, choices["billing"])
        self.rest = RestForm(
            prefix="rest",
            terms=with_kept(ground.terms, terms.adopted),
            **self.initial(
                volume_roles=values(terms.volume_roles),
                owners_too=terms.owners_too,
                adopted=list(terms.adopted),
            ),
        )
        ruled = {rule.category: rule.roles for rule in terms.categories}
        self.categories = Rows(
            CategoryForm,
            "category",
            data=self.data,
            initial=[{"roles": values(ruled.get(each, ()))} for each in TermCategory],
        )

    def others(self, kind: TimingKind) -> list[CashTiming]:
        return [each.timing for each in self.policy.terms.timings if each.kind is kind]

    def general(self, timing: CashTiming, prefix: str, choices: Choices) -> TimingForm:
        facts = self.initial(standard=spelled(timing), roles=values(timing.roles))
        return TimingForm(prefix=prefix, choices=choices, **facts)

    def rows(self, kind: TimingKind, standards: Choices) -> Rows[OtherTimingForm]:
        others = [each for each in self.policy.terms.timings if each.kind is kind]
        segments = [(band.key, band.label) for band in self.policy.segments]
        regions = [(name, name) for name in self.ground.regions]
        return Rows(
            OtherTimingForm,
            f"other{kind.value}",
            data=self.data,
            initial=[
                {
                    "standard": spelled(each.timing),
                    "segment": each.segment,
                    "region": each.region,
                    "roles": values(each.timing.roles),
                }
                for each in others
            ],
            standards=standards,
            segments=with_kept(segments, [each.segment for each in others]),
            regions=with_kept(regions, [each.region for each in others]),
        )

    def parts(self) -> list[Part]:
        return [
            self.payment,
            self.billing,
            self.other_payments,
            self.other_billings,
            self.rest,
            self.categories,
        ]

    def changes(self) -> dict[str, Any]:
        rest = self.rest.cleaned_data
        terms = type(self.policy.terms)(
            payment=read_timing(self.payment.cleaned_data),
            billing=read_timing(self.billing.cleaned_data),
            volume_roles=rest["volume_roles"],
            categories=tuple(self.read_categories()),
            adopted=tuple(rest["adopted"]),
            owners_too=rest["owners_too"],
            timings=(
                *self.read_others(TimingKind.PAYMENT, self.other_payments),
                *self.read_others(TimingKind.BILLING, self.other_billings),
            ),
        )
        return {"terms": terms}

    def read_others(self, kind: TimingKind, rows: Rows[OtherTimingForm]) -> list[CashTimingFor]:
        return [
            CashTimingFor(kind, row["segment"], row["region"], read_timing(row))
            for row in rows.cleaned
        ]

    def read_categories(self) -> list[CategoryRule]:
        """A rule for each category; one that had none and asks nobody needs none."""
        ruled = {rule.category for rule in self.policy.terms.categories}
        found = zip(TermCategory, self.categories.cleaned, strict=False)
        return [
            CategoryRule(category, row["roles"])
            for category, row in found
            if row["roles"] or category in ruled
        ]
