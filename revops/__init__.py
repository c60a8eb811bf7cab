"""The project, and the foundation that every application stands on."""

from revops.celery import app as celery_app

__all__ = ["celery_app"]
