from django.apps import AppConfig


class ApiKeysConfig(AppConfig):
    name = "revops.apikeys"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        from revops.apikeys import schema  # noqa: F401  (it tells the schema of our tokens)
        from revops.triggers import declare

        declare("apikeys_token", once=("revoked_at", "revoked_by_id"), free=("last_used_at",))
