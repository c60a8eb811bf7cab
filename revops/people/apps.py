from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "revops.people"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        from revops import aftermigrate
        from revops.integrity import register_integrity
        from revops.outbox.links import register_link
        from revops.people import imports  # noqa: F401  (it registers its kind)
        from revops.triggers import declare

        aftermigrate.connect(self)
        declare("people_rolegrant", once=("revoked_at", "revoked_by_id"))
        register_link("invitation", derive_invitation)
        register_integrity("reporting line", check_reporting_line)


def check_reporting_line():
    from revops.people.changes import line_problems

    return line_problems()


def derive_invitation(person_id):
    from revops.people.invitations import invitation_path

    return invitation_path(person_id)
