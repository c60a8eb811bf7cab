"""Who is asked and how, in what order, and for how long an answer is good."""

from __future__ import annotations

from typing import Any

from django import forms

from dealdesk.models import PolicyDraft
from dealdesk.models.policydrafts import BandRole, DraftRole
from dealdesk.policy import (
    Materiality,
    Role,
    RoleRule,
    SamePerson,
    StepMode,
    StepOrder,
    StepUp,
    Topic,
)
from dealdesk.policyforms.shared import Area, Part, RowForm, Rows, several, values
from dealdesk.wording import capital
from revops.frame.forms import MoneyField, PercentField

TOPICS = [(topic.value, topic.value.capitalize()) for topic in Topic]
MODES = [
    (code, label) for code, label in DraftRole.Mode.choices if code != DraftRole.Mode.PER_GROUP
]
"""How several answer; "per group" is how a step of several roles answers, never one role."""
ADDRESS = {"list": "people", "autocomplete": "off", "spellcheck": "false"}


class RoleForm(RowForm):
    topics = several(TOPICS, "Judges")
    hours = forms.IntegerField(min_value=1, max_value=3650, label="Business hours to answer")
    mode = forms.ChoiceField(choices=MODES, label="When several are asked")
    needed = forms.IntegerField(
        min_value=1, max_value=1000, required=False, label="How many must agree"
    )
    percent = forms.IntegerField(
        min_value=1, max_value=100, required=False, label="Share that must agree, %"
    )
    fallback = forms.EmailField(
        required=False,
        label="Stands in when nobody is left",
        widget=forms.EmailInput(ADDRESS),
        help_text="The e-mail of one active person; asked when nobody else may decide.",
    )
    backup = forms.EmailField(
        required=False,
        label="Added when the time is up",
        widget=forms.EmailInput(ADDRESS),
        help_text="The e-mail of one active person; asked beside the others once they are late.",
    )
    step_up = forms.ChoiceField(choices=DraftRole.StepUp.choices, label="To decide from a mail one")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        place = int(self.prefix.rpartition("-")[2]) if self.prefix else 0
        self.role = list(Role)[min(place, len(Role) - 1)]
        self.title = BandRole(self.role.value).label

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("mode") == StepMode.QUORUM.value and not cleaned.get("needed"):
            self.add_error("needed", "Say how many.")
        if cleaned.get("mode") == StepMode.PERCENT.value and not cleaned.get("percent"):
            self.add_error("percent", "Say what share.")
        return cleaned

    def rule(self) -> RoleRule:
        said = self.cleaned_data
        chosen = set(said["topics"])
        return RoleRule(
            self.role,
            tuple(topic for topic in Topic if topic.value in chosen),
            said["hours"],
            StepMode(said["mode"]),
            said["needed"] or 1,
            said["fallback"].lower(),
            StepUp(said["step_up"]),
            said["backup"].lower(),
            said["percent"] or 0,
        )


def single(mode: StepMode) -> str:
    return (StepMode.FIRST_RESPONSE if mode is StepMode.PER_GROUP else mode).value


class PeopleArea(Area):
    key, title = "people", "Who is asked and how"
    lead = "For each role: what it judges, how long it has, and who stands in for it."
    lints = ("roles",)

    def build(self) -> None:
        rules = [self.policy.rule(role) for role in Role]
        self.rows = Rows(
            RoleForm,
            "role",
            data=self.data,
            initial=[
                {
                    "topics": values(rule.topics),
                    "hours": rule.hours,
                    "mode": single(rule.mode),
                    "needed": rule.needed,
                    "percent": rule.percent or None,
                    "fallback": rule.fallback,
                    "backup": rule.backup,
                    "step_up": rule.step_up.value,
                }
                for rule in rules
            ],
        )

    def parts(self) -> list[Part]:
        return [self.rows]

    def changes(self) -> dict[str, Any]:
        return {"roles": tuple(form.rule() for form in self.rows.forms)}


class OrderForm(RowForm):
    order = forms.ChoiceField(choices=PolicyDraft.Order.choices, label="In what order")
    ladder = forms.BooleanField(
        required=False,
        label="Each lower level of price authority is asked too, not only the highest",
    )
    one_veto = forms.BooleanField(
        required=False,
        label="One rejection ends the request",
        help_text="Otherwise a majority may outvote it where so many must agree.",
    )
    same_person = forms.ChoiceField(
        choices=PolicyDraft.SamePerson.choices, label="Who holds several steps of one request"
    )
    tolerance_percent = PercentField(
        min_value=0,
        max_value=1000,
        decimal_places=4,
        label="Worse by at most, without asking again",
        help_text="Percentage points by which terms may be worse than what was approved.",
    )
    validity_days = forms.IntegerField(
        min_value=1, max_value=3650, label="Days an approval is good for issuing"
    )
    pending_days = forms.IntegerField(
        min_value=1, max_value=3650, label="Days until a request that nobody answers ends"
    )
    revoke_hours = forms.IntegerField(
        min_value=0, max_value=3650, label="Hours in which an approval may be taken back"
    )
    share_percent = PercentField(
        min_value=0,
        max_value=1000,
        decimal_places=4,
        label="A line counts as worst line from this share of the quote",
    )
    amount = MoneyField(min_value=0, label="or from this amount")

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"].set_currency(currency)  # type: ignore[attr-defined]


class LadderForm(RowForm):
    role = forms.ChoiceField(choices=BandRole.choices, label="Role")


class GroupForm(RowForm):
    roles = several(BandRole.choices, "Asked in one step", required=True)


class OrderArea(Area):
    key, title = "order", "Order and limits"
    lead = (
        "In what order people are asked, who stands above whom, and what an approval is good for."
    )
    lints = ("steps",)

    def build(self) -> None:
        policy, material = self.policy, self.policy.materiality
        names = ["order", "ladder", "one_veto", "same_person", "tolerance_percent"]
        names += ["validity_days", "pending_days", "revoke_hours"]
        self.form = OrderForm(
            currency=self.ground.currency,
            **self.initial(
                **{name: getattr(policy, name) for name in names},
                share_percent=material.share_percent,
                amount=material.amount,
            ),
        )
        self.ladder = Rows(
            LadderForm,
            "ladder",
            data=self.data,
            initial=[{"role": role.value} for role in policy.price_ladder],
        )
        self.groups = Rows(
            GroupForm,
            "group",
            data=self.data,
            initial=[{"roles": values(group)} for group in policy.groups],
        )

    def parts(self) -> list[Part]:
        return [self.form, self.ladder, self.groups]

    def is_valid(self) -> bool:
        valid = super().is_valid()
        for rows, name in ((self.ladder, "role"), (self.groups, "roles")):
            valid = is_once(rows, name) and valid
        return valid

    def changes(self) -> dict[str, Any]:
        said = dict(self.form.cleaned_data)
        material = Materiality(said.pop("share_percent"), said.pop("amount"))
        return {
            **said,
            "order": StepOrder(said["order"]),
            "same_person": SamePerson(said["same_person"]),
            "materiality": material,
            "price_ladder": tuple(Role(row["role"]) for row in self.ladder.cleaned),
            "groups": tuple(
                tuple(role for role in Role if role.value in row["roles"])
                for row in self.groups.cleaned
            ),
        }


def is_once(rows: Rows[Any], name: str) -> bool:
    """Whether no role stands in two rows; the second one is told so."""
    seen: set[str] = set()
    found = True
    for form in rows.forms:
        given = form.cleaned_data.get(name, []) if form.is_valid() else []
        roles = {given} if isinstance(given, str) else {*given}
        for role in sorted(roles & seen):
            form.add_error(name, f"{capital(Role(role).label)} stands in another row already.")
            found = False
        seen |= roles
    return found
