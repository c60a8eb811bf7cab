"""Price: tables of bands by what they are measured on, and floors that nobody can approve."""

from __future__ import annotations

from typing import Any

from django import forms

from dealdesk.models.policydrafts import Basis
from dealdesk.policy import Floor, JudgedBasis, PriceBand, PriceTable
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
from revops.frame.forms import PercentField


class TableForm(RowForm):
    bases = several(Basis.choices, "Measured on", required=True)

    def __init__(self, *args: Any, families: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if families:
            self.fields["families"] = several(families, "Only lines of these families")

    def clean_bases(self) -> tuple[JudgedBasis, ...]:
        chosen = set(self.cleaned_data["bases"])
        return tuple(basis for basis in JudgedBasis if basis.value in chosen)


class BandForm(RowForm):
    lower = PercentField(label="From", min_value=0, max_value=1000, decimal_places=4)
    roles = RolesField()


class FloorForm(RowForm):
    basis = forms.ChoiceField(choices=Basis.choices, label="Measured on")
    percent = PercentField(label="Refused from", min_value=0, max_value=1000, decimal_places=4)


class PriceTableForms:
    """One table with its bands."""

    def __init__(self, form: TableForm, bands: Rows[BandForm]) -> None:
        self.form, self.bands = form, bands


class PriceArea(Area):
    key, title = "price", "Price"
    lead = "Discounts below standard price, and who is asked about them."
    lints = ("prices", "floors")

    def build(self) -> None:
        kept = [name for table in self.policy.prices for name in table.families]
        families = with_kept([(name, name) for name in self.ground.families], kept)
        heads = Rows(
            TableForm,
            "table",
            data=self.data,
            initial=[
                {"bases": values(table.bases), "families": list(table.families)}
                for table in self.policy.prices
            ],
            families=families,
        )
        self.heads = heads
        self.tables = [
            PriceTableForms(form, self.bands_of(number)) for number, form in enumerate(heads.forms)
        ]
        self.floors = Rows(
            FloorForm,
            "floor",
            data=self.data,
            initial=[
                {"basis": floor.basis.value, "percent": floor.percent}
                for floor in self.policy.floors
            ],
        )

    def bands_of(self, number: int) -> Rows[BandForm]:
        bands = self.policy.prices[number].bands if self.data is None else ()
        return Rows(
            BandForm,
            f"table-{number}-band",
            data=self.data,
            initial=[{"lower": band.lower, "roles": values(band.roles)} for band in bands],
        )

    def parts(self) -> list[Part]:
        return [self.heads, *(table.bands for table in self.tables), self.floors]

    def changes(self) -> dict[str, Any]:
        return {
            "prices": tuple(read_table(table) for table in self.tables),
            "floors": tuple(
                Floor(JudgedBasis(row["basis"]), row["percent"]) for row in self.floors.cleaned
            ),
        }


def read_table(table: PriceTableForms) -> PriceTable:
    bands = sorted(table.bands.cleaned, key=lambda row: row["lower"])
    return PriceTable(
        table.form.cleaned_data["bases"],
        tuple(PriceBand(row["lower"], row["roles"]) for row in bands),
        tuple(table.form.cleaned_data.get("families", ())),
    )
