"""When somebody is away, and who answers for them."""

from __future__ import annotations

from datetime import date

from django import forms
from django.db.models import Q, QuerySet
from django.db.models.functions import Lower

from revops.frame.forms import DayField, PersonField
from revops.people.models import Absence, User


def people_one_answers_for(user: User) -> QuerySet[User]:
    """For whom this person may enter absences: themselves, their line, and RevOps for everybody."""
    everybody = User.objects.admitted().order_by(Lower("name"), "pk")
    if user.is_staff:
        return everybody
    below = User.objects.below(user).values("pk")
    return everybody.filter(Q(pk=user.pk) | Q(pk__in=below))


class AbsenceForm(forms.Form):
    """The days, the delegate, and a note. One's own absence asks for no name."""

    person = PersonField(queryset=User.objects.none(), label="Who is away", empty_label=None)
    first_day = DayField(label="First day away")
    last_day = DayField(label="Last day away")
    delegate = PersonField(
        queryset=User.objects.none(),
        required=False,
        label="Who answers meanwhile",
        empty_label="Nobody",
        help_text="Approvals go to them, and are recorded as theirs, on behalf of who is away.",
    )
    note = forms.CharField(
        required=False,
        label="Note",
        max_length=200,
        help_text="Seen by who is away, whoever enters this, and RevOps.",
    )

    def __init__(self, *args, user: User, absence: Absence | None = None, **kwargs):
        super().__init__(*args, **kwargs)
        self.absence = absence
        self.fields["delegate"].queryset = User.objects.admitted().order_by(Lower("name"), "pk")
        people = people_one_answers_for(user)
        if absence is not None or len(people[:2]) < 2:
            del self.fields["person"]
        else:
            self.fields["person"].queryset = people
            self.fields["person"].initial = user.pk
        if absence is not None:
            self.initial = {
                "first_day": absence.first_day,
                "last_day": absence.last_day,
                "delegate": absence.delegate_id,
                "note": absence.note,
            } | self.initial

    def keep_first_day(self) -> None:
        """One that has begun keeps its first day; the form says so."""
        self.fields["first_day"].disabled = True
        self.fields["first_day"].help_text = "It has begun."


def first_and_last(today: date) -> dict[str, date]:
    """The days a new absence starts from."""
    return {"first_day": today, "last_day": today}
