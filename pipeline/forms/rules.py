"""What administrators type about pipelines, their stages, and pick lists."""

from __future__ import annotations

from django import forms

from pipeline.models import Choice, Pipeline, PipelineVersion, StageRule
from pipeline.stages import Process, Rule
from revops.people.models import Role
from revops.refusals import Refused

FREEDOM = PipelineVersion.Freedom
NO_STAGE = [("", "No stage: what is owed blocks only the win")]


class RefusableForm(forms.Form):
    """A form that can say beside its fields what an operation refused."""

    def mark(self, refused: Refused) -> bool:
        """Put each fault beside its field; whether all of them had one."""
        placed = bool(refused.missing)
        for fault in refused.missing:
            if fault.key in self.fields:
                self.add_error(fault.key, fault.sentence)
            else:
                placed = False
        return placed


class PipelineForm(RefusableForm):
    name = forms.CharField(max_length=100, widget=forms.TextInput({"autocomplete": "off"}))
    key = forms.CharField(
        max_length=50,
        help_text="Small letters, digits and hyphens; it stands in addresses and never changes.",
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
    )
    copied_from = forms.ModelChoiceField(
        Pipeline.objects.none(),
        required=False,
        to_field_name="key",
        label="Begin with the rules of",
        empty_label="None: one open stage, won and lost",
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["copied_from"].queryset = Pipeline.objects.with_rules()


class NameForm(RefusableForm):
    name = forms.CharField(max_length=100, widget=forms.TextInput({"autocomplete": "off"}))


class LibertiesForm(RefusableForm):
    skipping = forms.ChoiceField(choices=FREEDOM.choices, label="Skipping stages")
    moving_back = forms.ChoiceField(choices=FREEDOM.choices, label="Moving back")
    gate = forms.ChoiceField(
        choices=PipelineVersion.Gate.choices,
        label="The gate",
        help_text="When the items of a stage are asked. Exit criteria are asked on leaving it.",
    )
    debt_blocks_at = forms.ChoiceField(
        required=False,
        label="What is owed blocks at",
        help_text="No deal enters this stage, or a later one, while it owes what it skipped.",
    )
    debt_days = forms.IntegerField(
        min_value=0,
        max_value=3650,
        label="Days until a debt is overdue",
        help_text="Counted from the day of the skip.",
    )
    buyer_silence_days = forms.IntegerField(
        min_value=0,
        max_value=3650,
        label="Days until a silent buyer is flagged",
    )
    note = forms.CharField(
        required=False,
        label="What changes with this version, and why",
        widget=forms.Textarea({"rows": 3}),
        help_text="Kept with the version, for whoever asks later.",
    )

    def __init__(self, *args, process: Process, note: str = "", **kwargs):
        names = ("skipping", "moving_back", "gate", "debt_days", "buyer_silence_days")
        initial = {name: getattr(process, name) for name in (*names, "debt_blocks_at")}
        super().__init__(*args, initial={**initial, "note": note}, **kwargs)
        stages = [(rule.key, rule.name) for rule in process.rules if rule.kind != "lost"]
        self.fields["debt_blocks_at"].choices = NO_STAGE + stages


class StageForm(RefusableForm):
    name = forms.CharField(max_length=100, widget=forms.TextInput({"autocomplete": "off"}))
    kind = forms.ChoiceField(choices=StageRule.Kind.choices)
    probability_percent = forms.IntegerField(
        min_value=0,
        max_value=100,
        label="Probability, %",
        help_text="A won stage is sure, a lost one is not to be had.",
    )
    forecast_category = forms.ChoiceField(choices=StageRule.ForecastCategory.choices)
    default_stale_days = forms.IntegerField(
        min_value=1,
        max_value=3650,
        required=False,
        label="Stale after, in days",
        help_text="Until enough deals have left the stage to know better.",
    )
    may_create_here = forms.BooleanField(required=False, label="Deals may begin here")
    entry_roles = forms.MultipleChoiceField(
        choices=Role.choices,
        required=False,
        label="Who may move a deal in",
        widget=forms.CheckboxSelectMultiple,
        help_text="None ticked: everybody who may change the deal.",
    )

    def __init__(self, *args, rule: Rule | None = None, **kwargs):
        if rule:
            names = [name for name in self.base_fields if name != "entry_roles"]
            initial = {name: getattr(rule, name) for name in names}
            kwargs["initial"] = {**initial, "entry_roles": sorted(rule.entry_roles)}
        super().__init__(*args, **kwargs)


class NewStageForm(StageForm):
    after = forms.ChoiceField(required=False, label="Behind")

    field_order = ["name", "after"]

    def __init__(self, *args, process: Process, **kwargs):
        initial = {"kind": "open", "forecast_category": "pipeline", "probability_percent": 50}
        super().__init__(*args, initial=initial, **kwargs)
        self.fields["after"].choices = [("", "The last open stage")] + [
            (rule.key, rule.name) for rule in process.rules
        ]


class RemoveForm(RefusableForm):
    goes_to = forms.ChoiceField(required=False, label="Its deals go to")

    def __init__(self, *args, rule: Rule, process: Process, holds: int, **kwargs):
        super().__init__(*args, **kwargs)
        others = [
            (each.key, each.name)
            for each in process.rules
            if each.key != rule.key and each.kind == rule.kind
        ]
        nowhere = [("", "Choose a stage" if holds else "Nowhere: it holds no deal")]
        self.fields["goes_to"].choices = nowhere + others


class NewItemForm(RefusableForm):
    prefix = "item"

    item = forms.ChoiceField(label="Item")
    label = forms.CharField(
        max_length=100,
        required=False,
        label="Called",
        help_text="Left empty, its own name.",
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    none_allowed = forms.BooleanField(required=False, label="“There is none” is an answer")

    def __init__(self, *args, labels: dict[str, str], asked: set[str], **kwargs):
        super().__init__(*args, **kwargs)
        left = [(key, label) for key, label in labels.items() if key not in asked]
        self.fields["item"].choices = [("", "Choose what to ask for"), *left]


class ItemForm(RefusableForm):
    label = forms.CharField(max_length=100, label="Called")
    none_allowed = forms.BooleanField(required=False, label="“There is none” is an answer")


class CriterionForm(RefusableForm):
    label = forms.CharField(
        max_length=150,
        label="Statement",
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    derived_from = forms.ChoiceField(required=False, label="Confirmed by")
    needs_note = forms.BooleanField(required=False, label="Whoever confirms it writes a note")

    def __init__(self, *args, facts: dict[str, str], **kwargs):
        super().__init__(*args, **kwargs)
        known = [(key, f"A fact: {label}") for key, label in facts.items()]
        self.fields["derived_from"].choices = [("", "A person"), *known]


class NewCriterionForm(CriterionForm):
    prefix = "criterion"


class PublishForm(RefusableForm):
    note = forms.CharField(
        required=False,
        label="What changes, and why",
        widget=forms.Textarea({"rows": 3}),
        help_text="Kept with the version, for whoever asks later.",
    )


class ChoiceForm(RefusableForm):
    label = forms.CharField(max_length=100, widget=forms.TextInput({"autocomplete": "off"}))


LISTS = {
    Choice.List.SOURCE: ("Sources", "Where a deal came from."),
    Choice.List.PUSH_REASON: ("Push reasons", "Why a close date moves later."),
    Choice.List.LOSS_REASON: ("Loss reasons", "Why a deal is lost."),
}
"""The pick lists: what each is called, and what it is for."""
