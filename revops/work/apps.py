from django.apps import AppConfig


class WorkConfig(AppConfig):
    name = "revops.work"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        from revops.people.registry import register_holding
        from revops.triggers import declare
        from revops.work import holding

        declare(
            "work_attachment",
            once=("removed_at", "removed_by_id"),
            why="a kept file stays what it was",
        )
        register_holding("tasks", holding.describe, holding.hand_over)
