"""What a draft is called and why it is written, what is meant in it, and files of policies."""

from __future__ import annotations

from typing import Any

from django import forms

from dealdesk.policyfiles import FILE_MOST
from dealdesk.policyforms.shared import Area, Part, RowForm
from pipeline.forms.rules import RefusableForm


class AboutForm(RowForm):
    name = forms.CharField(max_length=100, widget=forms.TextInput({"autocomplete": "off"}))
    note = forms.CharField(
        required=False,
        max_length=5000,
        label="What changes with this version, and why",
        widget=forms.Textarea({"rows": 4}),
        help_text="Kept with the version, for whoever asks later.",
    )


class AboutArea(Area):
    key, title = "about", "Name and reason"

    def build(self) -> None:
        self.form = AboutForm(**self.initial(name=self.policy.name, note=self.draft.note))

    def parts(self) -> list[Part]:
        return [self.form]

    def changes(self) -> dict[str, Any]:
        return {"name": self.form.cleaned_data["name"]}

    @property
    def note(self) -> str | None:
        return str(self.form.cleaned_data["note"])


class AcknowledgeForm(RefusableForm):
    note = forms.CharField(
        max_length=5000, label="Why it is meant", widget=forms.Textarea({"rows": 2})
    )


class ImportForm(forms.Form):
    file = forms.FileField(
        label="File", help_text="YAML, as written by “Download” or manage.py export_policy."
    )
    replace_draft = forms.BooleanField(required=False, label="Throw away the draft there is")

    def clean_file(self) -> str:
        file = self.cleaned_data["file"]
        if file.size > FILE_MOST:
            raise forms.ValidationError("This is too long to be a policy.")
        try:
            return str(file.read().decode("utf-8-sig"))
        except UnicodeDecodeError:
            raise forms.ValidationError("This is no text in UTF-8.") from None
