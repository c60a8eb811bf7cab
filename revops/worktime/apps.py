from django.apps import AppConfig


class WorktimeConfig(AppConfig):
    name = "revops.worktime"
    default_auto_field = "django.db.models.BigAutoField"
