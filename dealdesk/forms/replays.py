"""What is tried, on which days, and held against what."""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from typing import Any

from django import forms

from dealdesk.models import PolicyDraft, PolicyVersion, ReplayRun
from dealdesk.policy import Policy, policy_from_json
from dealdesk.policydrafts import draft_policy
from dealdesk.presets import PRESETS
from revops.imports.profile import MOST_BYTES

MONTHS = [(3, "3 months"), (6, "6 months"), (12, "12 months"), (24, "24 months")]
VERSIONS_OFFERED = 20
MOST_MB = MOST_BYTES // 1024 // 1024


def policies_to_try() -> list[tuple[str, str]]:
    """The draft, the presets and the versions that there are, each with its name."""
    drafts = PolicyDraft.objects.filter(is_open=True)
    offered = [("draft", f"The draft: {draft.name}") for draft in drafts]
    offered += [(f"preset-{key}", f"Preset: {policy.name}") for key, policy in PRESETS.items()]
    versions = PolicyVersion.objects.order_by("-number")[:VERSIONS_OFFERED]
    return offered + [(f"version-{row.number}", name_of(row)) for row in versions]


def name_of(row: PolicyVersion) -> str:
    said = f"Version {row.number}: {row.label}"
    return f"{said} (in force)" if row.in_force else said


def policy_to_try(key: str) -> Policy:
    """The policy that one of the choices means."""
    what, _, which = key.partition("-")
    if what == "preset":
        return PRESETS[which]
    if what == "version":
        return policy_from_json(PolicyVersion.objects.get(number=int(which)).body)
    return draft_policy(PolicyDraft.objects.get(is_open=True))


def months_before(day: date, months: int) -> date:
    """The same day so many months earlier, or the last of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


class PolicyChoice(forms.Form):
    """Which policy to try."""

    policy = forms.ChoiceField(label="Policy to try")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["policy"].choices = policies_to_try()

    def chosen(self):
        """The policy, and what it is called."""
        key = self.cleaned_data["policy"]
        return policy_to_try(key), dict(self.fields["policy"].choices)[key][:150]


class ReplayForm(PolicyChoice):
    """A replay to start."""

    months = forms.TypedChoiceField(
        label="Submitted in the last", choices=MONTHS, coerce=int, initial=12
    )
    against = forms.ChoiceField(
        label="Compared with", choices=ReplayRun.Against.choices, initial="in_force"
    )

    def facts(self, today: date) -> dict[str, Any]:
        """What starting takes."""
        policy, name = self.chosen()
        return {
            "policy": policy,
            "name": name,
            "against": self.cleaned_data["against"],
            "since": months_before(today, self.cleaned_data["months"]),
            "until": today,
        }


class ExportForm(PolicyChoice):
    """Another system's export, and the policy to try on it."""

    file = forms.FileField(
        label="CSV file",
        help_text=f"Closed or open deals with their discounts, up to {MOST_MB} MB.",
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt,.tsv,text/csv"}),
    )
