"""What is typed to ask somebody more."""

from __future__ import annotations

from typing import Any

from django import forms

from dealdesk.models import ApprovalRequest
from revops.frame.forms import PersonField
from revops.people.models import User


class AddForm(forms.Form):
    """Whom to ask beside those the policy asks, and why."""

    person = PersonField(queryset=User.objects.none(), label="Whom")
    reason = forms.CharField(label="Why", max_length=280, widget=forms.TextInput)

    def __init__(self, *args: Any, asked: ApprovalRequest | None = None, **kwargs: Any):
        super().__init__(*args, **kwargs)
        people = User.objects.admitted()
        if asked is not None:
            known = [p for p in (asked.submitted_by_id, asked.deal.owner_id) if p]
            people = people.exclude(pk__in=known)
        self.fields["person"].queryset = people.order_by("name", "pk")
