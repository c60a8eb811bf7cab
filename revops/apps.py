from django.apps import AppConfig


class RevopsConfig(AppConfig):
    name = "revops"

    def ready(self) -> None:
        from revops import checks, postgres  # noqa: F401  (checks register themselves)

        postgres.register()
