from django.apps import AppConfig


class WorktimeConfig(AppConfig):
    name = "revops.worktime"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        from revops.defaults import register_default
        from revops.worktime.defaults import ensure_calendar

        register_default(ensure_calendar)
