"""Which days the report on bunching is of."""

from __future__ import annotations

from datetime import date, timedelta

from django import forms

from revops.frame.forms import DayField

YEAR = timedelta(days=365)


class BunchingForm(forms.Form):
    """From and to, both included; the last year without them."""

    since = DayField(label="Submitted from", required=False)
    until = DayField(label="to", required=False)

    def days(self, today: date) -> tuple[date, date]:
        """The days asked for; what cannot be read, or is in the wrong order, is the last year."""
        self.is_valid()
        until = self.cleaned_data.get("until") or today
        since = self.cleaned_data.get("since") or until - YEAR
        return (since, until) if since <= until else (today - YEAR, today)
