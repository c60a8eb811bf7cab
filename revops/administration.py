"""What our pages in Django's administration share: each change there is an operation too."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.utils import timezone

from revops.people.actor import Actor
from revops.refusals import Refused


class VersionedForm(forms.ModelForm):
    """Sends back the version that was shown, so that nobody overwrites another's change."""

    shown_version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["shown_version"].initial = getattr(self.instance, "version", None)


class ReadOnlyAdmin(admin.ModelAdmin):
    """Shows records that nobody changes here."""

    def has_add_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


class OperationAdmin(admin.ModelAdmin):
    """Saves by calling `add_record` or `change_record`, which call operations.

    A refusal is shown above the form, which keeps what was typed. Nothing is deleted here.
    """

    form = VersionedForm

    def add_record(self, facts: dict[str, Any], by: Actor, at: Any) -> Any:
        raise NotImplementedError

    def change_record(self, record: Any, facts: dict[str, Any], by: Actor, at: Any) -> Any:
        raise NotImplementedError

    def has_delete_permission(self, request, obj=None):
        return False

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        # Without the transaction that Django wraps around it: an operation has its own.
        try:
            return self._changeform_view(request, object_id, form_url, extra_context)
        except Refused as refusal:
            request.refusal = refusal
            return self._changeform_view(request, object_id, form_url, extra_context)

    def get_form(self, request, obj=None, change=False, **kwargs):
        form = super().get_form(request, obj, change=change, **kwargs)
        refusal = getattr(request, "refusal", None)
        if refusal is None:
            return form

        class RefusedForm(form):
            def clean(self):
                super().clean()
                self.add_error(None, refusal.message)

        return RefusedForm

    def save_model(self, request, obj, form, change):
        by, at, facts = Actor.from_request(request), timezone.now(), dict(form.cleaned_data)
        if change:
            self.change_record(self.model.objects.get(pk=obj.pk), facts, by, at)
        else:
            obj.pk = self.add_record(facts, by, at).pk

    def save_related(self, request, form, formsets, change):
        """Inlines, where there are any, are part of the operation."""

    def each(self, request, records, operate, done: str) -> None:
        """Call `operate(record, by, at)` for each record, and say what was done or refused."""
        by, at = Actor.from_request(request), timezone.now()
        count = 0
        for record in records:
            try:
                operate(record, by, at)
                count += 1
            except Refused as refusal:
                self.message_user(request, refusal.message, messages.ERROR)
        if count:
            self.message_user(request, f"{count} {done}.", messages.SUCCESS)
