"""What the areas of a policy share: roles to tick, rows that come and go, what may be chosen."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from django import forms
from django.http import QueryDict

from dealdesk.models import (
    BillingFrequency,
    NonStandardTerm,
    PaymentTerms,
    PolicyDraft,
    Product,
)
from dealdesk.models.policydrafts import BandRole
from dealdesk.policy import Policy, Role, billing_rank
from revops.company.models import Company
from revops.people.models import Team, User

ROWS_MOST = 40

Choices = list[tuple[str, str]]


@dataclass(frozen=True)
class Ground:
    """What the company has that a policy can name."""

    currency: str
    families: tuple[str, ...]
    regions: tuple[str, ...]
    payments: tuple[tuple[str, int], ...]
    billings: tuple[tuple[str, int], ...]
    terms: tuple[tuple[str, str], ...]
    people: tuple[tuple[str, str], ...]


def ground_of() -> Ground:
    """Read what a policy can name; a fixed number of queries."""
    billings = BillingFrequency.objects.filter(retired_at=None).order_by("pk")
    families = Product.objects.filter(retired_at=None).values_list("family", flat=True)
    regions = Team.objects.exclude(region="").values_list("region", flat=True)
    payments = PaymentTerms.objects.filter(retired_at=None).order_by("net_days", "pk")
    terms = NonStandardTerm.objects.filter(retired_at=None).order_by("name")
    people = User.objects.admitted().holding(*(role.value for role in Role)).by_name()
    return Ground(
        currency=Company.get().currency,
        families=tuple(sorted({*families} - {""})),
        regions=tuple(sorted({*regions})),
        payments=tuple((row.name, row.net_days) for row in payments),
        billings=tuple(
            (row.name, billing_rank(row.months_ahead, in_arrears=row.in_arrears))
            for row in billings
        ),
        terms=tuple((row.key, row.name) for row in terms),
        people=tuple((user.email, user.name) for user in people),
    )


class RolesField(forms.MultipleChoiceField):
    """Roles to tick; none is nobody. What comes of it are roles of the policy, in their order."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("required", False)
        kwargs.setdefault("label", "Asks")
        super().__init__(choices=BandRole.choices, **kwargs)

    def clean(self, value: Any) -> tuple[Role, ...]:
        chosen = set(super().clean(value))
        return tuple(role for role in Role if role.value in chosen)


def several(choices: Choices, label: str, **kwargs: Any) -> forms.MultipleChoiceField:
    """Things to tick."""
    return forms.MultipleChoiceField(
        choices=choices,
        label=label,
        required=kwargs.pop("required", False),
        widget=forms.CheckboxSelectMultiple,
        **kwargs,
    )


def values(items: Iterable[Any]) -> list[str]:
    return [item.value for item in items]


def with_kept(choices: Sequence[tuple[str, str]], kept: Iterable[str]) -> Choices:
    """The choices, and whatever stands in the policy though it is offered no longer."""
    known = {key for key, _ in choices}
    more = [(key, f"{key} (no longer offered)") for key in kept if key and key not in known]
    return [*choices, *more]


class RowForm(forms.Form):
    """One row of a list; a row that the page has just added says nothing is missing yet."""

    use_required_attribute = False

    def quieten(self) -> None:
        self._errors = forms.utils.ErrorDict()
        self.cleaned_data: dict[str, Any] = {}


F = TypeVar("F", bound=RowForm)


class Rows(Generic[F]):
    """The rows of one list: from the policy, or as they were typed."""

    def __init__(
        self,
        form: type[F],
        prefix: str,
        *,
        data: QueryDict | None,
        initial: Sequence[dict[str, Any]] = (),
        **facts: Any,
    ) -> None:
        self.prefix = prefix
        # A page that said nothing of these rows did not mean that there are none.
        self.is_said = data is None or f"{prefix}-count" in data
        count = counted(data, prefix) if data is not None else len(initial)
        self.forms: list[F] = [
            form(
                data,
                prefix=f"{prefix}-{number}",
                initial=initial[number] if data is None else None,
                **facts,
            )
            for number in range(count)
        ]

    @property
    def count(self) -> int:
        return len(self.forms)

    def is_valid(self) -> bool:
        # Every form, not up to the first that is wrong: each shows its own faults.
        found = [form.is_valid() for form in self.forms]
        return self.is_said and all(found)

    @property
    def cleaned(self) -> list[dict[str, Any]]:
        return [form.cleaned_data for form in self.forms]


def counted(data: QueryDict, prefix: str) -> int:
    try:
        return max(0, min(int(data.get(f"{prefix}-count", "0")), ROWS_MOST))
    except ValueError:
        return 0


ACTION = re.compile(r"(add|remove):([a-z]+(?:-\d+-[a-z]+)?)(?::(\d{1,2}))?")


def acted(data: QueryDict) -> QueryDict | None:
    """The data with a row more or less, when that was the button; None when it was another."""
    found = ACTION.fullmatch(data.get("do", ""))
    if not found:
        return None
    verb, prefix, number = found.groups()
    changed = data.copy()
    count = counted(data, prefix)
    if verb == "add":
        changed[f"{prefix}-count"] = str(min(count + 1, ROWS_MOST))
    elif number is not None and int(number) < count:
        remove_row(changed, prefix, int(number))
        changed[f"{prefix}-count"] = str(count - 1)
    return changed


def remove_row(data: QueryDict, prefix: str, number: int) -> None:
    """Take out one row; those below move up, with whatever lists they hold."""
    start = f"{prefix}-"
    kept: dict[str, list[str]] = {}
    for key in [key for key in data if key.startswith(start) and key != f"{prefix}-count"]:
        place, _, rest = key.removeprefix(start).partition("-")
        given = data.getlist(key)
        del data[key]
        if place.isdecimal() and int(place) != number:
            moved = int(place) - (int(place) > number)
            kept[f"{start}{moved}-{rest}"] = given
    for key, given in kept.items():
        data.setlist(key, given)


Part = RowForm | Rows[Any]


class Area(ABC):
    """One page of the draft: its forms, and the parts of the policy that come of them."""

    key: ClassVar[str]
    title: ClassVar[str]
    lead: ClassVar[str] = ""
    lints: ClassVar[tuple[str, ...]] = ()
    """Codes of the linter's areas that are mended here."""
    do_not_call_in_templates: ClassVar[bool] = True

    def __init__(
        self,
        policy: Policy,
        ground: Ground,
        draft: PolicyDraft,
        data: QueryDict | None = None,
    ) -> None:
        self.policy, self.ground, self.draft, self.data = policy, ground, draft, data
        self.build()

    @property
    def template(self) -> str:
        return f"dealdesk/policy/_area_{self.key}.html"

    @abstractmethod
    def build(self) -> None:
        """Make the forms and lists of the page."""

    @abstractmethod
    def parts(self) -> list[Part]:
        """Every form and list of the page."""

    @abstractmethod
    def changes(self) -> dict[str, Any]:
        """Parts of the policy by name; only after `is_valid`."""

    @property
    def note(self) -> str | None:
        return None

    def is_valid(self) -> bool:
        found = [part.is_valid() for part in self.parts()]
        return all(found)

    def quieten(self) -> None:
        for part in self.parts():
            for form in part.forms if isinstance(part, Rows) else [part]:
                form.quieten()

    def initial(self, **facts: Any) -> dict[str, Any]:
        """Arguments of a form: what was typed, else these facts."""
        return {"data": self.data, "initial": None if self.data is not None else facts}
