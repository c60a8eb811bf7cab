from django import forms
from django.contrib import admin
from django.contrib.auth.admin import Group

from revops.administration import OperationAdmin, VersionedForm
from revops.people import operations
from revops.people.models import Role, Team, User

# Roles are rows of ours; groups and their permissions mean nothing here.
admin.site.unregister(Group)


class PersonForm(VersionedForm):
    roles = forms.MultipleChoiceField(
        choices=Role.choices, required=False, widget=forms.CheckboxSelectMultiple
    )
    leaves = forms.BooleanField(
        required=False, help_text="No sign-in, no mail and no decision any more."
    )
    successor = forms.ModelChoiceField(
        User.objects.active().by_name(),
        required=False,
        help_text="Takes over open deals, approvals and reports.",
    )

    class Meta:
        model = User
        fields = ["email", "name", "manager", "team", "zone", "calendar"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "manager" in self.fields:
            self.fields["manager"].queryset = User.objects.active().by_name()
        if self.instance.pk and "roles" in self.fields:
            self.fields["roles"].initial = sorted(self.instance.roles)

    def clean_email(self):
        return self.cleaned_data["email"].lower()


@admin.register(User)
class PersonAdmin(OperationAdmin):
    form = PersonForm
    list_display = ["name", "email", "role_names", "team", "manager", "is_active", "admitted_at"]
    list_select_related = ["team", "manager"]
    list_filter = ["is_active", "team", "role_grants__role"]
    search_fields = ["name", "email"]
    ordering = ["name", "pk"]
    actions = ["admit"]
    fieldsets = [
        (None, {"fields": ["email", "name", "roles", "shown_version"]}),
        ("Place", {"fields": ["manager", "team", "zone", "calendar"]}),
        ("Leaving", {"fields": ["leaves", "successor"]}),
    ]

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("role_grants")

    def get_fieldsets(self, request, obj=None):
        return self.fieldsets if obj else self.fieldsets[:2]

    @admin.display(description="Roles")
    def role_names(self, person):
        return ", ".join(Role(role).label for role in sorted(person.roles))

    def add_record(self, facts, by, at):
        known = ["email", "name", "manager", "team", "roles", "zone", "calendar"]
        return operations.create_person(**{key: facts[key] for key in known}, by=by, at=at)

    def change_record(self, record, facts, by, at):
        values = ["email", "name", "team", "zone", "calendar"]
        record = operations.edit_person(
            person=record,
            changes={key: facts[key] for key in values},
            manager=facts["manager"],
            roles=facts["roles"],
            version=facts["shown_version"],
            by=by,
            at=at,
        )
        if facts["leaves"]:
            operations.deactivate_person(person=record, successor=facts["successor"], by=by, at=at)

    @admin.action(description="Admit: let them sign in, and invite them by mail")
    def admit(self, request, people):
        self.each(
            request,
            people,
            lambda person, by, at: operations.admit_person(person=person, by=by, at=at),
            "admitted",
        )


@admin.register(Team)
class TeamAdmin(OperationAdmin):
    list_display = ["name", "key", "region"]
    fields = ["key", "name", "region", "shown_version"]

    def get_readonly_fields(self, request, obj=None):
        return ["key"] if obj else []

    def add_record(self, facts, by, at):
        return operations.create_team(
            key=facts["key"], name=facts["name"], region=facts["region"], by=by, at=at
        )

    def change_record(self, record, facts, by, at):
        operations.change_team(
            team=record,
            changes={"name": facts["name"], "region": facts["region"]},
            version=facts["shown_version"],
            by=by,
            at=at,
        )
