"""The settings of the suite: those of production, on a throw-away database.

DATABASE_URL chooses the server; without it each process has an SQLite file of its own (a file,
because threads and the live server must meet the locks that production meets).
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

SCRATCH = Path(tempfile.mkdtemp(prefix="dealdesk-tests-"))
atexit.register(shutil.rmtree, SCRATCH, ignore_errors=True)

os.environ.update(
    DEBUG="0",
    SECRET_KEY="for-the-tests-alone-" * 4,
    ALLOWED_HOSTS="testserver,127.0.0.1,localhost",
    BASE_URL="http://testserver",
    CACHE_URL="locmemcache://",
    BROKER_URL="memory://",
    EMAIL_URL="memorymail://",
    DEFAULT_FROM_EMAIL="Deal desk <dealdesk@dealdesk.example>",
    MEDIA_ROOT=str(SCRATCH / "media"),
    STATIC_ROOT=str(SCRATCH / "static"),
    TIME_ZONE="UTC",
)
os.environ.setdefault("DATABASE_URL", f"sqlite:///{SCRATCH}/dealdesk.sqlite3")
# Playwright keeps an event loop in the thread that also prepares the data of a browser test.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

from revops.settings import *  # noqa: E402, F403
from revops.settings import DATABASES, STATIC_ROOT, STORAGES  # noqa: E402

STATIC_ROOT.mkdir()
# The live server finds the files where they lie; hashed names would need collectstatic first.
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

DATABASES["default"]["CONN_MAX_AGE"] = 0
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["TEST"] = {"NAME": str(SCRATCH / "test.sqlite3")}
else:
    # Several runs may share one server.
    DATABASES["default"]["TEST"] = {"NAME": f"test_dealdesk_{os.getppid()}_{os.getpid()}"}
