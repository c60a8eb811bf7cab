"""What people type into the pages of the pipeline."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from django import forms
from django.core.exceptions import ValidationError
from django.db.models.functions import Lower

from pipeline import registry
from pipeline.gates import CRITERION
from pipeline.junk import is_junk
from pipeline.models import (
    Account,
    Activity,
    Choice,
    Contact,
    Deal,
    DealContact,
    DealMember,
    Pipeline,
    Segment,
)
from pipeline.models.visibility import sees_all_deals
from pipeline.queries import SORTS, DealFilter, usual_scope
from pipeline.registry import CUSTOM
from pipeline.searching import search_form
from pipeline.stages import Process
from revops.addresses import number_in
from revops.company.models import Company, FieldDefinition
from revops.frame.forms import DayField, FigureField, MoneyField, PersonField
from revops.people.models import Role, Team, User
from revops.refusals import Missing, Refused


def long_text(**attrs):
    return forms.Textarea(attrs={"rows": 3, **attrs})


def choices_of(list_: str, *, empty: str = "") -> list[tuple[str, str]]:
    """A pick list in its order, without what was retired."""
    rows = Choice.objects.filter(list=list_, retired_at=None).order_by("position", "pk")
    found = list(rows.values_list("key", "label"))
    return [("", empty), *found] if empty else found


def sellers_for(user: User):
    """The people to whom this person may give a deal: themselves, their line, or everybody."""
    people = User.objects.active().order_by(Lower("name"), "pk")
    if user.has_role(Role.REVOPS_ADMIN):
        return people.holding(Role.REP, Role.SALES_MANAGER, Role.VP_SALES)
    return (people.below(user) | people.filter(pk=user.pk)).distinct()


class AccountField(forms.CharField):
    """An account by its name; the page offers names while one types."""

    default_error_messages = {
        "unknown": "There is no account called “%(name)s”. Enter it first, then come back.",
        "several": "%(count)s accounts are called so. Take one: %(names)s.",
    }

    def __init__(self, *, user: User, **kwargs):
        self.user = user
        kwargs.setdefault("max_length", 220)
        super().__init__(**kwargs)
        self.widget.attrs |= {"autocomplete": "off", "data-lookup": "accounts"}

    def clean(self, value):
        name = super().clean(value)
        if not name:
            return None
        visible = Account.objects.visible_to(self.user)
        bare, _, mark = name.rpartition(" #")
        number = number_in(mark) if bare else None
        if number and (found := visible.filter(pk=number).first()):
            return found
        found = list(visible.filter(name__iexact=name)[:6])
        if not found:
            found = list(visible.filter(search_text=search_form(name))[:6])
        if len(found) == 1:
            return found[0]
        if not found:
            raise ValidationError(
                self.error_messages["unknown"], code="unknown", params={"name": name}
            )
        names = ", ".join(account_label(account, True) for account in found)
        raise ValidationError(
            self.error_messages["several"],
            code="several",
            params={"count": len(found), "names": names},
        )

    def prepare_value(self, value):
        return account_label(value) if isinstance(value, Account) else value

    def has_changed(self, initial, data):
        return super().has_changed(self.prepare_value(initial), data)


def account_label(account: Account, with_number: bool = False) -> str:
    return f"{account.name} #{account.pk}" if with_number else account.name


# What a gate asks


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
            self.put(asked, "", forms.BooleanField(required=False, label=missing.label))
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
        return {key: value for key, value in given.items() if value not in (None, "", {}, False)}

    def answer(self, asked: AskedItem) -> object:
        def typed(suffix: str = ""):
            return self.cleaned_data.get(f"item-{asked.key.replace(':', '-')}{suffix}")

        if typed("-none"):
            return {"none": True}
        if asked.names[0].endswith("-file") and typed("-file"):
            return typed("-file")
        if asked.is_contact:
            if typed("-contact"):
                return {"contact": typed("-contact")}
            facts = {name: typed(f"-{name}") for name in ("name", "title", "email", "phone")}
            return {name: value for name, value in facts.items() if value}
        value = typed()
        return str(value) if isinstance(value, Decimal) else value

    def mark(self, refused: Refused) -> bool:
        """Put each refused item's sentence beside its field; whether all found a place."""
        places = {asked.key: asked for asked in self.items if asked.names}
        kinds = {kind.field: kind.key for kind in registry.item_kinds() if kind.field}
        placed = True
        for each in refused.missing:
            asked = places.get(each.key) or places.get(kinds.get(each.key, ""))
            name = asked.names[0] if asked else each.key
            if name in self.fields and not self.errors.get(name):
                self.add_error(name, each.sentence)
            placed &= name in self.fields
        return placed and bool(refused.missing)


def contact_label(contact: Contact) -> str:
    return f"{contact.name}, {contact.title}" if contact.title else contact.name


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


# Deals


class KeptForm(forms.Form):
    """A form of one record that knows what its editor saw, so that nobody's typing is lost."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for each in self.fields.values():
            each.show_hidden_initial = True

    def changes(self) -> dict[str, object]:
        """Only what the editor changed since the page was shown."""
        return {name: self.cleaned_data[name] for name in self.changed_data}

    def keep_over(self, current: Mapping[str, object]):
        """The form again over newer values: what was typed stays, the rest is made current."""
        typed = {name: self[name].value() for name in self.changed_data}
        fresh = self.again(initial=dict(current))
        fresh.is_bound = False
        for name, value in typed.items():
            fresh.initial[name] = value
        fresh.kept = {name: current.get(name) for name in typed}
        return fresh

    def again(self, **kwargs):
        raise NotImplementedError


class DealForm(KeptForm):
    """The facts of a deal that people type; stage, owner and close date have verbs of their own."""

    name = forms.CharField(max_length=200, label="Name")
    amount = MoneyField(required=False, label="Amount")
    currency = forms.CharField(max_length=3, label="Currency")
    deal_source = forms.ChoiceField(required=False, label="Source")
    fit_score = forms.IntegerField(required=False, min_value=0, max_value=100, label="Fit score")

    def __init__(self, *args, user: User, deal: Deal | None = None, locks=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.user, self.deal, self.locks = user, deal, dict(locks or {})
        self.fields = {
            "name": self.fields["name"],
            "account": AccountField(user=user, label="Account"),
            **{name: made for name, made in self.fields.items() if name != "name"},
        }
        self.fields["account"].show_hidden_initial = deal is not None
        self.fields["deal_source"].choices = choices_of(Choice.List.SOURCE, empty="Not said")
        self.fields["fit_score"].help_text = "From 0 to 100, as you see it."
        for name, why in self.locks.items():
            if name in self.fields:
                self.fields[name].disabled = True
                self.fields[name].help_text = why
        currency = (deal.currency if deal else "") or self.initial.get("currency", "")
        self.fields["amount"].set_currency("")
        self.fields["currency"].widget.attrs |= {"size": 4, "autocapitalize": "characters"}
        self.fields["currency"].initial = currency
        if deal is None:
            for each in self.fields.values():
                each.show_hidden_initial = False

    def again(self, **kwargs):
        return type(self)(user=self.user, deal=self.deal, locks=self.locks, **kwargs)

    def clean_currency(self) -> str:
        return self.cleaned_data["currency"].upper()


class DealNotesForm(DealForm):
    """Everything that may be typed about a deal that is there."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name in NOTES:
            label = str(Deal._meta.get_field(name).verbose_name)
            self.fields[name] = forms.CharField(
                required=False,
                label=label[:1].upper() + label[1:],
                widget=long_text(),
                show_hidden_initial=True,
            )
        self.fields["contract_reference"].widget = forms.TextInput()
        self.fields["competitor"].widget = forms.TextInput()
        for name, made in added_fields("deal").items():
            made.show_hidden_initial = True
            self.fields[name] = made


NOTES = (
    "pain_points",
    "current_solution",
    "timeline",
    "technical_requirements",
    "stakeholder_map",
    "redlines",
    "competitor",
    "contract_reference",
)


class NewDealForm(DealForm):
    """A deal to be entered."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["close_date"] = DayField(
            label="Expected close date", required=Company.get().close_date_from_start
        )
        owners = sellers_for(self.user)
        self.fields["owner"] = PersonField(queryset=owners, label="Owner", empty_label=None)
        pipelines = Pipeline.objects.filter(retired_at=None).order_by("position", "pk")
        self.fields["pipeline"] = forms.ModelChoiceField(pipelines, empty_label=None)
        self.fields["name"].widget.attrs["autofocus"] = True
        if len(pipelines) == 1:
            self.fields["pipeline"].widget = forms.HiddenInput()
            self.fields["pipeline"].initial = pipelines[0].pk


class PushForm(forms.Form):
    """Another close date; a reason is one tap, a note where the rule asks it."""

    to = DayField(label="New close date")
    note = forms.CharField(
        required=False,
        label="Note",
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=(
            "Needed when the date leaves its month or quarter, from the second push, "
            "and for “Other”."
        ),
    )


class BulkPushForm(forms.Form):
    """One deal of many: its own date, reason and note."""

    to = DayField(label="New close date", required=False)
    reason_key = forms.ChoiceField(label="Reason", required=False)
    note = forms.CharField(label="Note", required=False)

    def __init__(self, *args, deal: Deal, reasons, **kwargs):
        super().__init__(*args, prefix=f"deal-{deal.pk}", **kwargs)
        self.deal = deal
        self.fields["reason_key"].choices = reasons
        for each in self.fields.values():
            each.widget.attrs["aria-label"] = f"{each.label}, {deal.name}"


class BulkMoveForm(forms.Form):
    """Where many deals go together."""

    stage = forms.ChoiceField(label="Move to")
    reason = forms.CharField(
        required=False,
        label="Reason",
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Asked for deals that skip a stage or go back.",
    )

    def __init__(self, *args, process: Process, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["stage"].choices = [(rule.key, rule.name) for rule in process.rules]


class ReassignForm(forms.Form):
    owner = PersonField(queryset=User.objects.none(), label="New owner", empty_label="Choose")
    reason = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args, user: User, deal: Deal, **kwargs):
        super().__init__(*args, **kwargs)
        sellers = User.objects.active().holding(Role.REP, Role.SALES_MANAGER, Role.VP_SALES)
        sellers = sellers.exclude(pk=deal.owner_id).order_by(Lower("name"), "pk")
        self.fields["owner"].queryset = sellers


class TaskForm(forms.Form):
    """What came of a task."""

    result = forms.CharField(label="What came of it", widget=long_text(rows=4))

    def clean_result(self) -> str:
        text = self.cleaned_data["result"]
        if is_junk(text):
            raise ValidationError("Say what came of it, in a sentence.")
        return text


class ActivityForm(forms.Form):
    """A note, call, meeting or mail."""

    kind = forms.ChoiceField(choices=Activity.Kind.choices, widget=forms.RadioSelect)
    side = forms.ChoiceField(choices=Activity.Side.choices, widget=forms.RadioSelect)
    body = forms.CharField(required=False, widget=long_text(placeholder="What happened?"))
    happened_at = forms.DateTimeField(
        required=False,
        label="When",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
        help_text="Empty: now.",
    )


class NextStepForm(forms.Form):
    next_step = forms.CharField(required=False, max_length=200, label="Next step")
    next_step_date = DayField(required=False, label="On")


class ContactLinkForm(forms.Form):
    """Somebody at the account gets a part in the deal; a new person is entered on the way."""

    contact = forms.ChoiceField(required=False, label="Person")
    role = forms.ChoiceField(choices=DealContact.Role.choices, label="Part in the deal")
    name = forms.CharField(required=False, max_length=200)
    title = forms.CharField(required=False, max_length=200)
    email = forms.EmailField(required=False, label="E-mail")
    phone = forms.CharField(required=False, max_length=50, label="Telephone")

    def __init__(self, *args, deal: Deal, **kwargs):
        super().__init__(*args, **kwargs)
        known = Contact.objects.filter(account=deal.account_id) if deal.account_id else ()
        options = list(known.order_by("name", "pk")[:200]) if deal.account_id else []
        self.known = {str(each.pk): each for each in options}
        self.fields["contact"].choices = [
            ("", "Somebody new"),
            *((pk, contact_label(each)) for pk, each in self.known.items()),
        ]
        if not options:
            self.fields["contact"].widget = forms.HiddenInput()

    def clean(self):
        cleaned = super().clean()
        if not cleaned.get("contact") and not cleaned.get("name"):
            self.add_error("name", "Name the person, or choose one who is known.")
        return cleaned


class MemberForm(forms.Form):
    person = PersonField(queryset=User.objects.none(), empty_label="Choose")
    role = forms.CharField(
        required=False, max_length=60, label="As", help_text="Such as solution engineer."
    )
    access = forms.ChoiceField(choices=DealMember.Access.choices, label="Access")
    until = DayField(required=False, label="Until", help_text="Empty: as long as the deal.")

    def __init__(self, *args, deal: Deal, **kwargs):
        super().__init__(*args, **kwargs)
        people = User.objects.active().exclude(pk=deal.owner_id)
        self.fields["person"].queryset = people.order_by(Lower("name"), "pk")


class AttachmentForm(forms.Form):
    file = forms.FileField(label="File")
    kind = forms.ChoiceField(
        label="What it is",
        choices=[("", "Another file"), ("signed_contract", "The signed contract")],
        required=False,
    )


# Accounts


class AccountForm(KeptForm):
    name = forms.CharField(max_length=200)
    domain = forms.CharField(max_length=200, required=False, label="Web domain")
    industry = forms.CharField(max_length=100, required=False)
    country = forms.CharField(max_length=100, required=False)
    employees = forms.IntegerField(
        min_value=0, required=False, label="Head count", help_text="It decides the segment."
    )
    revenue_amount = FigureField(
        max_digits=18, decimal_places=2, required=False, label="Yearly revenue"
    )
    revenue_currency = forms.CharField(max_length=3, required=False, label="Currency")
    founded_year = forms.IntegerField(
        min_value=1000, max_value=2200, required=False, label="Founded in"
    )

    def __init__(self, *args, user: User, account: Account | None = None, **kwargs):
        super().__init__(*args, **kwargs)
        self.user, self.account = user, account
        self.fields["parent"] = AccountField(
            user=user, required=False, label="Belongs to", help_text="The company above it."
        )
        self.fields["parent"].show_hidden_initial = account is not None
        owners = User.objects.active().holding(Role.REP, Role.SALES_MANAGER, Role.VP_SALES)
        owners = owners.order_by(Lower("name"), "pk")
        self.fields["owner"] = PersonField(queryset=owners, required=False, empty_label="Nobody")
        for name, made in added_fields("account").items():
            made.show_hidden_initial = True
            self.fields[name] = made
        if account is None:
            for each in self.fields.values():
                each.show_hidden_initial = False

    def again(self, **kwargs):
        return type(self)(user=self.user, account=self.account, **kwargs)


class SegmentForm(forms.Form):
    segment = forms.ChoiceField(required=False)
    reason = forms.CharField(widget=forms.Textarea(attrs={"rows": 2}), required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        said = [each for each in Segment.choices if each[0] != Segment.UNKNOWN]
        self.fields["segment"].choices = [("", "As the head count says"), *said]


class ContactForm(KeptForm):
    name = forms.CharField(max_length=200)
    title = forms.CharField(max_length=200, required=False)
    email = forms.EmailField(required=False, label="E-mail")
    phone = forms.CharField(max_length=50, required=False, label="Telephone")

    def again(self, **kwargs):
        return type(self)(**kwargs)


# Fields that the company added


def added_fields(entity: str) -> dict[str, forms.Field]:
    """A form field for each that stands, by the name under which operations take it."""
    rows = FieldDefinition.objects.filter(entity=entity, archived_at=None)
    return {f"{CUSTOM}{row.key}": added_field(row) for row in rows.order_by("position", "pk")}


def added_field(row: FieldDefinition) -> forms.Field:
    shown = {"required": False, "label": row.label, "help_text": row.help_text}
    options = [(option["key"], option.get("label", option["key"])) for option in row.options]
    kind = FieldDefinition.Kind(row.kind)
    if kind == kind.LONG_TEXT:
        return forms.CharField(widget=long_text(), **shown)
    if kind in (kind.INTEGER, kind.NUMBER):
        return FigureField(max_digits=18, **shown)
    if kind == kind.BOOLEAN:
        words = [("", "Not said"), ("yes", "Yes"), ("no", "No")]
        return forms.ChoiceField(choices=words, **shown)
    if kind == kind.DATE:
        return DayField(**shown)
    if kind == kind.CHOICE:
        return forms.ChoiceField(choices=[("", "Not said"), *options], **shown)
    if kind == kind.MULTI_CHOICE:
        return forms.MultipleChoiceField(choices=options, **shown)
    return forms.CharField(max_length=500, **shown)


def added_values(entity: str, custom: Mapping[str, object]) -> dict[str, object]:
    """What a record has in those fields, as its form begins with it."""
    words = {True: "yes", False: "no"}
    keys = FieldDefinition.objects.filter(entity=entity, archived_at=None)
    found = {key: custom.get(key) for key in keys.values_list("key", flat=True)}
    return {
        f"{CUSTOM}{key}": words[value] if isinstance(value, bool) else value
        for key, value in found.items()
    }


# Filters, kept in the address

CLOSES = [
    ("", "Closes any time"),
    ("overdue", "Close date passed"),
    ("month", "Closes this month"),
    ("next_month", "Closes next month"),
    ("quarter", "Closes this quarter"),
]
STATUSES = [("open", "Open"), ("won", "Won"), ("lost", "Lost"), ("any", "Open and closed")]


class FilterForm(forms.Form):
    """What somebody wants to see; a wrong value in the address counts as not given."""

    q = forms.CharField(required=False, max_length=100, label="Find")
    scope = forms.ChoiceField(required=False, label="Whose deals")
    owner = forms.ModelChoiceField(
        User.objects.none(), required=False, label="Owner", empty_label="Any owner"
    )
    team = forms.ModelChoiceField(
        Team.objects.none(), required=False, label="Team", empty_label="Any team"
    )
    closes = forms.ChoiceField(required=False, choices=CLOSES, label="Close date")
    problems = forms.BooleanField(required=False, label="With problems")

    def __init__(self, data, *, user: User, today, process: Process | None = None):
        super().__init__(data.copy())
        self.user, self.today = user, today
        scopes = [("mine", "My deals")]
        if user.has_role(Role.SALES_MANAGER, Role.VP_SALES):
            scopes.append(("line", "My line"))
        self.fields["scope"].choices = [*scopes, ("all", "All I may see")]
        self.usual = usual_scope(user)
        # An address that says nothing shows what the person usually works on.
        self.data.setdefault("scope", self.usual)
        people = User.objects.active().holding(Role.REP, Role.SALES_MANAGER, Role.VP_SALES)
        if not sees_all_deals(user):
            people = people.below(user) | people.filter(pk=user.pk)
        self.fields["owner"].queryset = people.order_by(Lower("name"), "pk")
        self.fields["owner"].label_from_instance = lambda person: person.name
        self.fields["team"].queryset = Team.objects.all()
        self.fields["q"].widget = forms.TextInput(
            attrs={"type": "search", "placeholder": "Deal or account", "autocomplete": "off"}
        )
        if process:
            self.fields["status"] = forms.ChoiceField(
                required=False, choices=STATUSES, label="Status"
            )
            stages = [("", "Any stage"), *((rule.key, rule.name) for rule in process.rules)]
            self.fields["stage"] = forms.ChoiceField(required=False, choices=stages, label="Stage")
        self.is_valid()

    def filters(self) -> DealFilter:
        given = self.cleaned_data
        stage = given.get("stage") or ""
        status = given.get("status") or ("" if stage else "open")
        first, last = self.closing(given.get("closes") or "")
        owner, team = given.get("owner"), given.get("team")
        return DealFilter(
            scope=given.get("scope") or self.usual,
            owner=owner.pk if owner else None,
            team=team.pk if team else None,
            text=given.get("q") or "",
            close_from=first,
            close_until=last,
            with_problems=bool(given.get("problems")),
            status="" if status == "any" else status,
            stage=stage,
        )

    def closing(self, period: str):
        """The first and last day of a closing period."""
        today = self.today
        first = today.replace(day=1)
        if period == "overdue":
            return None, today - timedelta(days=1)
        if period == "month":
            return first, month_end(first)
        if period == "next_month":
            following = month_end(first) + timedelta(days=1)
            return following, month_end(following)
        if period == "quarter":
            start = today.replace(month=3 * ((today.month - 1) // 3) + 1, day=1)
            third = month_end(month_end(start) + timedelta(days=1)) + timedelta(days=1)
            return start, month_end(third)
        return None, None

    @property
    def is_narrowed(self) -> bool:
        """Whether anything but the usual is asked."""
        asked = {name: value for name, value in self.cleaned_data.items() if value}
        return bool(asked.keys() - {"scope"}) or asked.get("scope", self.usual) != self.usual

    @property
    def active(self) -> list[str]:
        """The filters in force beside the search, as their fields show them."""
        given = {name: value for name, value in self.cleaned_data.items() if value and name != "q"}
        if given.get("scope") == self.usual:
            del given["scope"]
        return [self.shown(name, value) for name, value in given.items()]

    def shown(self, name: str, value) -> str:
        field = self.fields[name]
        if isinstance(field, forms.ModelChoiceField):
            return str(field.label_from_instance(value))
        if isinstance(field, forms.ChoiceField):
            return str(dict(field.choices)[value])
        return str(field.label)


def month_end(first):
    return (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)


def read_sort(text: str) -> tuple[str, bool | None]:
    """A sort as the address has it: amount, -amount."""
    key = text.removeprefix("-")
    return (key, text.startswith("-")) if key in SORTS else ("close_date", None)


def pks(values: Iterable[str]) -> list[int]:
    return [number for value in dict.fromkeys(values) if (number := number_in(value))]
