from django.apps import AppConfig


class WorkConfig(AppConfig):
    name = "revops.work"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        from revops.triggers import declare

        declare(
            "work_attachment",
            once=("removed_at", "removed_by_id"),
            why="a kept file stays what it was",
        )
