"""The form of exactly what a gate finds missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django import forms

from pipeline import registry
from pipeline.forms.added import added_field
from pipeline.forms.shared import AccountField, choices_of, contact_label, long_text
from pipeline.gates import CRITERION
from pipeline.models import (
    Choice,
    Contact,
    Deal,
)
from pipeline.registry import CUSTOM
from pipeline.stages import Process
from revops.company.fields import standing_fields
from revops.frame.forms import DayField, FigureField
from revops.people.models import User
from revops.refusals import Missing, Refused


@dataclass
class AskedItem:
    """One missing item as the form shows it: its fields, or the sentence and where to go."""

    key: str
    label: str
    sentence: str
    stage: str = ""
    url: str = ""
    none_allowed: bool = False
    is_criterion: bool = False
    names: list[str] = field(default_factory=list)
    fields: list[forms.BoundField] = field(default_factory=list)

    @property
    def is_blocker(self) -> bool:
        return not self.names

    @property
    def is_contact(self) -> bool:
        return any(name.endswith("-email") for name in self.names)

    @property
    def is_grouped(self) -> bool:
        """Whether its field is several controls under one legend."""
        return bool(self.fields) and self.fields[0].use_fieldset

    @property
    def details(self) -> list[forms.BoundField]:
        """What is asked beside a tick: how one knows it."""
        return self.fields[1:]

    @property
    def known(self) -> forms.BoundField | None:
        """The choice among people who are known already."""
        return self.field_ending("-contact")

    @property
    def newcomer(self) -> list[forms.BoundField]:
        return [each for each in self.fields if not each.name.endswith("-contact")]

    @property
    def is_new(self) -> bool:
        """Whether somebody new is being described."""
        return any(each.value() or each.errors for each in self.newcomer)

    @property
    def none_field(self) -> forms.BoundField | None:
        return self.field_ending("-none")

    @property
    def has_errors(self) -> bool:
        return any(each.errors for each in self.fields)

    def field_ending(self, suffix: str) -> forms.BoundField | None:
        return next((each for each in self.fields if each.name.endswith(suffix)), None)


class EvidenceForm(forms.Form):
    """Exactly the items that are missing, each as its kind asks to be filled in."""

    def __init__(
        self,
        *args,
        deal: Deal,
        process: Process,
        missing: Sequence[Missing],
        user: User,
        **kwargs,
    ):
        super().__init__(*args, **kwargs)
        self.deal, self.process, self.user = deal, process, user
        self.items = [self.ask(each) for each in missing]

    def ask(self, missing: Missing) -> AskedItem:
        rule = self.process.by_key.get(missing.stage)
        asked = AskedItem(
            missing.key, missing.label, missing.sentence, rule.name if rule else missing.stage
        )
        if missing.key.startswith(CRITERION):
            asked.is_criterion = True
            self.put_criterion(asked, missing)
            return asked
        kind = registry.item_kind(missing.key)
        if kind is None:
            return asked
        asked.none_allowed = self.none_allowed(missing.key)
        if kind.fill_url:
            asked.url = kind.fill_url(self.deal)
        if kind.input and (kind.field or kind.fill):
            self.put_kind(asked, kind.input)
            if asked.none_allowed:
                label = "There is none"
                self.put(asked, "-none", forms.BooleanField(required=False, label=label))
        return asked

    def put_criterion(self, asked: AskedItem, missing: Missing) -> None:
        """A tick, with room for how one knows it where the rules ask that."""
        key = missing.key.removeprefix(CRITERION)
        rules = [self.process.by_key.get(missing.stage), *self.process.rules]
        known = [each for rule in rules if rule for each in rule.criteria if each.key == key]
        self.put(asked, "", forms.BooleanField(required=False, label=missing.label))
        if known and known[0].needs_note:
            note = forms.CharField(
                required=False, label="How you know it", widget=long_text(rows=2), max_length=5000
            )
            self.put(asked, "-note", note)
            upload = forms.FileField(required=False, label="Or attach what shows it")
            self.put(asked, "-proof", upload)

    def none_allowed(self, key: str) -> bool:
        return any(
            item.none_allowed
            for rule in self.process.rules
            for item in rule.items
            if item.key == key
        )

    def put(self, asked: AskedItem, suffix: str, made: forms.Field) -> None:
        name = f"item-{asked.key.replace(':', '-')}{suffix}"
        self.fields[name] = made
        asked.names.append(name)

    def put_kind(self, asked: AskedItem, shown: str) -> None:
        plain = {"required": False, "label": asked.label}
        if shown == "contact":
            self.put_contact(asked)
        elif shown == "custom":
            definition = standing_fields("deal")[asked.key.removeprefix(CUSTOM)]
            self.put(asked, "", added_field(definition, label=asked.label))
        elif shown == "file":
            upload = forms.FileField(required=False, label="Attach it")
            self.put(asked, "-file", upload)
            kept = "Or say where it is kept"
            self.put(asked, "", forms.CharField(required=False, label=kept, max_length=300))
        elif shown == "account":
            self.put(asked, "", AccountField(user=self.user, **plain))
        elif shown == "choice":
            list_ = Choice.List.LOSS_REASON if asked.key == "loss_reason" else Choice.List.SOURCE
            options = choices_of(list_, empty="Choose one")
            self.put(asked, "", forms.ChoiceField(choices=options, **plain))
        elif shown == "number":
            self.put(asked, "", FigureField(max_digits=12, **plain))
        elif shown == "date":
            self.put(asked, "", DayField(**plain))
        elif shown == "long_text":
            self.put(asked, "", forms.CharField(widget=long_text(), **plain))
        else:
            self.put(asked, "", forms.CharField(max_length=200, **plain))

    def put_contact(self, asked: AskedItem) -> None:
        known = Contact.objects.none()
        if self.deal.account_id:
            known = Contact.objects.filter(account=self.deal.account_id).order_by("name", "pk")
        options = list(known[:200])
        if options:
            chosen = [("", f"Choose somebody at {self.deal.account}")]
            chosen += [(str(each.pk), contact_label(each)) for each in options]
            label = f"{asked.label}: somebody at {self.deal.account}"
            made = forms.ChoiceField(choices=chosen, required=False, label=label)
            made.widget.attrs["aria-label"] = label
            self.put(asked, "-contact", made)
        texts = {"name": "Name", "title": "Title", "email": "E-mail", "phone": "Telephone"}
        for name, label in texts.items():
            made = forms.EmailField if name == "email" else forms.CharField
            self.put(asked, f"-{name}", made(required=False, label=label, max_length=200))

    def groups(self) -> list[AskedItem]:
        """The items with their fields bound, those that this form cannot fill first."""
        for asked in self.items:
            asked.fields = [self[name] for name in asked.names]
        return sorted(self.items, key=lambda asked: not asked.is_blocker)

    def answers(self) -> dict[str, object]:
        """What was filled in, as the operations take evidence."""
        given = {asked.key: self.answer(asked) for asked in self.items if asked.names}
        empty: tuple[object, ...] = (None, "", {}, [], False)
        return {key: value for key, value in given.items() if value not in empty}

    def answer(self, asked: AskedItem) -> object:
        def typed(suffix: str = ""):
            return self.cleaned_data.get(f"item-{asked.key.replace(':', '-')}{suffix}")

        if typed("-none"):
            return {"none": True}
        if asked.is_criterion and typed():
            said = {"note": typed("-note"), "file": typed("-proof")}
            return {name: value for name, value in said.items() if value} or True
        if asked.names[0].endswith("-file") and typed("-file"):
            return typed("-file")
        if asked.is_contact:
            if typed("-contact"):
                return {"contact": typed("-contact")}
            facts = {name: typed(f"-{name}") for name in ("name", "title", "email", "phone")}
            return {name: value for name, value in facts.items() if value}
        value = typed()
        if isinstance(value, User):
            return value.pk
        return str(value) if isinstance(value, Decimal) else value

    def mark(self, refused: Refused) -> bool:
        """Put each refused item's sentence beside its field; whether all found a place."""
        places = {asked.key: asked for asked in self.items if asked.names}
        kinds = {kind.field: kind.key for kind in registry.item_kinds() if kind.field}
        placed = True
        for each in refused.missing:
            asked = places.get(each.key) or places.get(kinds.get(each.key, f"{CUSTOM}{each.key}"))
            name = asked.names[0] if asked else each.key
            if name in self.fields and not self.errors.get(name):
                self.add_error(name, each.sentence)
            placed &= name in self.fields
        return placed and bool(refused.missing)


class MoveForm(EvidenceForm):
    """A move with its reason, where it asks one, and the items that stand in its way."""

    def __init__(self, *args, asks_reason="", asks_date=False, asks_note=False, **kwargs):
        super().__init__(*args, **kwargs)
        self.heads = []
        if asks_date:
            self.fields["close_date"] = DayField(
                label="Expected close date",
                required=False,
                help_text="The one it had lies in the past.",
            )
            self.heads.append("close_date")
        if asks_reason:
            self.fields["reason"] = forms.CharField(
                label=asks_reason, widget=forms.Textarea(attrs={"rows": 2}), required=False
            )
            self.heads.append("reason")
        if asks_note:
            self.fields["note"] = forms.CharField(
                label="Note",
                required=False,
                widget=forms.Textarea(attrs={"rows": 2}),
                help_text="Needed when the reason is “Other”; useful always.",
            )

    def head_fields(self):
        return [self[name] for name in self.heads]
