"""Celery for this project: tasks are idempotent, carry ids only, and run after the commit."""

import os

from celery import Celery

from revops import filebroker

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "revops.settings")

filebroker.register()
app = Celery("revops")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
