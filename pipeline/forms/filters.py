"""What somebody wants to see, kept in the address."""

from __future__ import annotations

from datetime import timedelta

from django import forms
from django.db.models.functions import Lower

from pipeline.behind import Behind
from pipeline.models.visibility import sees_all_deals
from pipeline.queries import SORTS, DealFilter, usual_scope
from pipeline.stages import Process, pipelines_in_use
from revops.people.models import Role, Team, User

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
        self.fields["owner"].queryset = people.only("name").order_by(Lower("name"), "pk")
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
        self.offer_pipelines(with_any=process is not None)
        self.behind = Behind.read(self.data)
        self.is_valid()

    def offer_pipelines(self, *, with_any: bool) -> None:
        """Where there are several; a list shows the deals of all, a board those of one."""
        self.pipelines = {each.key: each for each in pipelines_in_use()}
        if len(self.pipelines) > 1:
            named = [(each.key, each.name) for each in self.pipelines.values()]
            choices = [("", "Any pipeline"), *named] if with_any else named
            self.fields["pipeline"] = forms.ChoiceField(
                required=False, choices=choices, label="Pipeline"
            )

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
            pipeline=getattr(self.pipelines.get(given.get("pipeline") or ""), "pk", None),
            behind=self.behind,
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
        return (
            bool(self.behind)
            or bool(asked.keys() - {"scope", "pipeline"})
            or asked.get("scope", self.usual) != self.usual
        )

    @property
    def active(self) -> list[str]:
        """The filters in force beside the search, as their fields show them."""
        beside = ("q", "pipeline")
        given = {name: value for name, value in self.cleaned_data.items() if value}
        given = {name: value for name, value in given.items() if name not in beside}
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
