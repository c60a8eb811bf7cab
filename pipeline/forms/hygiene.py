"""Whose findings somebody wants to see, and which."""

from __future__ import annotations

from django import forms
from django.db.models.functions import Lower

from pipeline.findings import kinds
from pipeline.forms.shared import choices_of
from pipeline.models import Choice
from pipeline.models.visibility import LEADS_A_LINE, SELLS, sees_all_deals
from pipeline.queries import DealFilter, usual_scope
from revops.people.models import Role, Team, User

SEVERITIES = [("", "Any severity"), ("bad", "Wrong"), ("warn", "Going wrong"), ("info", "To know")]
SORTS = [("since", "Longest first"), ("amount", "Largest first"), ("close_date", "Next to close")]


def scopes_of(user: User) -> list[tuple[str, str]]:
    """Whose deals this person may look through."""
    scopes = [("mine", "My deals")] if user.has_role(*SELLS) else []
    if user.has_role(*LEADS_A_LINE):
        scopes.append(("line", "My line"))
    if sees_all_deals(user):
        scopes.append(("all", "All deals"))
    return scopes or [("mine", "My deals")]


class HygieneForm(forms.Form):
    """A wrong value in the address counts as not given."""

    scope = forms.ChoiceField(required=False, label="Whose deals")
    kind = forms.ChoiceField(required=False, label="Finding")
    severity = forms.ChoiceField(required=False, label="Severity", choices=SEVERITIES)
    owner = forms.ModelChoiceField(
        User.objects.none(), required=False, label="Owner", empty_label="Any owner"
    )
    team = forms.ModelChoiceField(
        Team.objects.none(), required=False, label="Team", empty_label="Any team"
    )
    sort = forms.ChoiceField(required=False, label="Sorted by", choices=SORTS)

    def __init__(self, data, *, user: User):
        super().__init__(data.copy())
        self.user, scopes = user, scopes_of(user)
        known = [key for key, _ in scopes]
        self.usual = usual_scope(user) if usual_scope(user) in known else known[-1]
        self.fields["scope"].choices = scopes
        self.data.setdefault("scope", self.usual)
        named = [("", "Any finding"), *((kind.key, kind.label) for kind in kinds())]
        self.fields["kind"].choices = named
        people = User.objects.active().holding(Role.REP, Role.SALES_MANAGER, Role.VP_SALES)
        if not sees_all_deals(user):
            people = people.below(user) | people.filter(pk=user.pk)
        self.fields["owner"].queryset = people.only("name").order_by(Lower("name"), "pk")
        self.fields["owner"].label_from_instance = lambda person: person.name
        self.fields["team"].queryset = Team.objects.order_by("name")
        self.is_valid()

    @property
    def scope_key(self) -> str:
        return self.cleaned_data.get("scope") or self.usual

    def filters(self) -> DealFilter:
        given = self.cleaned_data
        owner, team = given.get("owner"), given.get("team")
        return DealFilter(
            scope=self.scope_key,
            owner=owner.pk if owner else None,
            team=team.pk if team else None,
            status="open",
        )

    def keys(self) -> list[str]:
        """The kinds that are asked: the one named, those of a severity, or every problem."""
        given = self.cleaned_data
        if kind := given.get("kind"):
            return [kind]
        severity = given.get("severity")
        wanted = [severity] if severity else ["bad", "warn"]
        return [kind.key for kind in kinds() if kind.severity in wanted]

    @property
    def is_narrowed(self) -> bool:
        given = self.cleaned_data
        return any(given.get(name) for name in ("kind", "severity", "owner", "team"))


class LossForm(forms.Form):
    """Why many deals are closed together."""

    loss_reason = forms.ChoiceField(label="Loss reason")
    competitor = forms.CharField(
        label="Competitor", required=False, help_text="Left empty: there was none."
    )
    note = forms.CharField(label="Note", required=False, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["loss_reason"].choices = choices_of(
            Choice.List.LOSS_REASON, empty="Choose a reason"
        )

    def evidence(self):
        typed = self.cleaned_data
        competitor = typed["competitor"].strip() or {"none": True}
        return {"loss_reason": typed["loss_reason"], "competitor": competitor}
