from django.apps import AppConfig


class CompanyConfig(AppConfig):
    name = "revops.company"
    default_auto_field = "django.db.models.BigAutoField"
