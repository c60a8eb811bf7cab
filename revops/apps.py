from django.apps import AppConfig


class RevopsConfig(AppConfig):
    name = "revops"

    def ready(self) -> None:
        from revops import checks  # noqa: F401  (registers itself)
