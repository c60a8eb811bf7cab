from typing import Any

from django.apps import AppConfig


class FrameConfig(AppConfig):
    name = "revops.frame"
    label = "frame"

    def ready(self) -> None:
        from revops.frame.navigation import register_setting

        register_setting(
            "administration",
            "Records and people",
            "People and their roles, prices, the catalogue of terms, mail and what runs by itself.",
            "database",
            "admin:index",
            90,
            visible=administers,
        )


def administers(user: Any) -> bool:
    return bool(user.is_staff)
