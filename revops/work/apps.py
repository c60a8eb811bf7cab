from django.apps import AppConfig


class WorkConfig(AppConfig):
    name = "revops.work"
    default_auto_field = "django.db.models.BigAutoField"
