"""Who takes over the open approvals of somebody: one person for each role."""

from __future__ import annotations

from collections.abc import Mapping

from django import forms
from django.db.models.functions import Lower

from dealdesk.permissions import STANDS_IN
from revops.frame.forms import PersonField
from revops.people.models import Role, User

PREFIX = "to_"


class SuccessorsForm(forms.Form):
    """A field for each role in which something waits; blank: it stays where it is."""

    def __init__(self, *args, person: User, counts: Mapping[str, int], **kwargs):
        super().__init__(*args, **kwargs)
        for role, count in counts.items():
            holders = [role, *filter(None, [STANDS_IN.get(role)])]
            people = User.objects.admitted().holding(*holders).exclude(pk=person.pk)
            waits = f"{count} open approval{'s' * (count != 1)}"
            self.fields[PREFIX + role] = PersonField(
                queryset=people.order_by(Lower("name"), "pk"),
                required=False,
                label=Role(role).label,
                empty_label="Leave them there",
                help_text=waits,
            )
        self.fields["reason"] = forms.CharField(
            label="Reason", widget=forms.Textarea(attrs={"rows": 2})
        )

    def successors(self) -> dict[str, User]:
        """Who takes over, by role."""
        chosen = self.cleaned_data.items()
        return {
            name.removeprefix(PREFIX): person
            for name, person in chosen
            if name.startswith(PREFIX) and person is not None
        }
