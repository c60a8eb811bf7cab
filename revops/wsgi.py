"""The entry point of the web server."""

import os

from django.core.wsgi import get_wsgi_application

from revops.settling import settle

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "revops.settings")
application = get_wsgi_application()
settle()
