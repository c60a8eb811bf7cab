from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError

from revops.administration import OperationAdmin, VersionedForm
from revops.worktime import operations
from revops.worktime.models import Calendar
from revops.worktime.reading import read_days, write_days


class CalendarForm(VersionedForm):
    days_off = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text="Beside public holidays, one a line: 2026-12-24 Christmas Eve",
    )

    class Meta:
        model = Calendar
        fields = ["name", "zone", "week", "country", "subdivision"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["days_off"].initial = write_days(
                {holiday.day: holiday.name for holiday in self.instance.holidays.all()}
            )

    def clean_days_off(self):
        try:
            return read_days(self.cleaned_data["days_off"])
        except ValueError as fault:
            raise ValidationError(str(fault)) from None


@admin.register(Calendar)
class CalendarAdmin(OperationAdmin):
    form = CalendarForm
    list_display = ["name", "zone", "country", "is_default"]
    fields = ["name", "zone", "week", "country", "subdivision", "days_off", "shown_version"]

    def add_record(self, facts, by, at):
        days, _ = facts.pop("days_off"), facts.pop("shown_version")
        return operations.create_calendar(**facts, days_off=days, by=by, at=at)

    def change_record(self, record, facts, by, at):
        days, version = facts.pop("days_off"), facts.pop("shown_version")
        operations.change_calendar(
            calendar=record, changes=facts, days_off=days, version=version, by=by, at=at
        )
