from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "revops.people"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        from revops import aftermigrate
        from revops.outbox.links import register_link
        from revops.people import imports  # noqa: F401  (it registers its kind)
        from revops.triggers import declare

        aftermigrate.connect(self)
        declare("people_rolegrant", once=("revoked_at", "revoked_by_id"))
        register_link("invitation", derive_invitation)


def derive_invitation(person_id):
    from revops.people.invitations import invitation_path

    return invitation_path(person_id)
