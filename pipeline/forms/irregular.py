"""Moves that go around the usual way: an override, another pipeline, somebody else's debt."""

from __future__ import annotations

from django import forms
from django.db.models.functions import Lower

from pipeline.models import Deal, Pipeline
from pipeline.permissions import can_change, check_can_enter
from pipeline.stages import process_of
from revops.frame.forms import PersonField
from revops.people.actor import Actor
from revops.people.models import Role, User
from revops.refusals import NotAllowed, Refused


def why(label: str) -> forms.CharField:
    return forms.CharField(label=label, widget=forms.Textarea(attrs={"rows": 2}), required=False)


class OverrideForm(forms.Form):
    """Where an administrator moves a deal, and why past its gate."""

    reason = why("Why past the gate")


class TransferForm(forms.Form):
    """Another pipeline, the stage there, and why."""

    to = forms.ChoiceField(label="Pipeline and stage")
    reason = why("Why it belongs there")

    def __init__(self, *args, deal: Deal, user: User, **kwargs):
        super().__init__(*args, **kwargs)
        self.places = places_for(deal, user)
        self.fields["to"].choices = [
            (pipeline.name, [(f"{pipeline.key}:{rule.key}", rule.name) for rule in rules])
            for pipeline, rules in self.places
        ]

    def place(self) -> tuple[Pipeline, str]:
        """The pipeline that was chosen, and the key of the stage."""
        key, _, stage = self.cleaned_data["to"].partition(":")
        return next(pipeline for pipeline, _ in self.places if pipeline.key == key), stage


def places_for(deal: Deal, user: User):
    """The other pipelines with the stages where this person may let a deal begin."""
    others = Pipeline.objects.in_use().exclude(pk=deal.pipeline_id)
    found = []
    for pipeline in others.order_by("position", "pk"):
        try:
            rules = [rule for rule in process_of(pipeline).open_rules if may_begin(rule, user)]
        except Refused:
            continue
        if rules:
            found.append((pipeline, rules))
    return found


def may_begin(rule, user: User) -> bool:
    try:
        check_can_enter(rule, by=Actor.of(user))
    except NotAllowed:
        return False
    return rule.may_create_here


class DebtForm(forms.Form):
    """Who is to pay off what a skipped stage is owed: somebody who may change the deal."""

    owner = PersonField(queryset=User.objects.none(), label="Who owes it", empty_label="Choose")

    def __init__(self, *args, deal: Deal, present: int | None, **kwargs):
        super().__init__(*args, **kwargs)
        people = User.objects.active()
        members = people.filter(deal_memberships__deal=deal)
        above = people.filter(pk__in=[each.pk for each in User.objects.above(deal.owner)])
        near = members | above | people.filter(pk=deal.owner_id) | people.holding(Role.REVOPS_ADMIN)
        able = [each.pk for each in near.distinct()[:50] if can_change(deal, each)]
        able = [pk for pk in able if pk != present]
        self.fields["owner"].queryset = people.filter(pk__in=able).order_by(Lower("name"), "pk")
