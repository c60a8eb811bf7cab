from django.apps import AppConfig


class ChartsConfig(AppConfig):
    name = "revops.charts"
    default_auto_field = "django.db.models.BigAutoField"
