from django.apps import AppConfig


class FrameConfig(AppConfig):
    name = "revops.frame"
    label = "frame"
