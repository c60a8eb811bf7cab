"""Settings, all from the environment; nothing insecure has a production default.

With DEBUG=1 nothing needs to be set. With DEBUG off every name read by `required` must be, and
a start without them stops and names all that are missing.
"""

import os
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
missing: list[str] = []


def required(name: str, read: Any, *, development: Any) -> Any:
    """The variable `name`; in development its stand-in, in production a reason not to start."""
    if os.environ.get(name):
        return read(name)
    if not DEBUG:
        missing.append(name)
    return read(name, default=development)


DEBUG = env.bool("DEBUG", default=False)
PORT = env.int("PORT", default=8000)
VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var")))

# Where this installation is, and its secret.
BASE_URL = required("BASE_URL", env.str, development=f"http://127.0.0.1:{PORT}").rstrip("/")
IS_HTTPS = BASE_URL.startswith("https://")
SECRET_KEY = required(
    "SECRET_KEY", env.str, development="known-to-everyone-and-fit-for-development-alone-0123456789"
)
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
ALLOWED_HOSTS = required("ALLOWED_HOSTS", env.list, development=["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = [BASE_URL]

# The database.
DATABASES = {
    "default": required(
        "DATABASE_URL", env.db_url, development=f"sqlite:///{VAR_DIR}/dealdesk.sqlite3"
    )
}
DATABASES["default"].update(ATOMIC_REQUESTS=False, CONN_MAX_AGE=60, CONN_HEALTH_CHECKS=True)
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # Writers queue for the lock instead of failing half way through a read-modify-write.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=20000;"
            " PRAGMA temp_store=MEMORY;"
        ),
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Applications. Ours come first, so that our templates win over those of the packages.
INSTALLED_APPS = [
    "revops.people",
    "revops.company",
    "revops.worktime",
    "revops.ledger",
    "revops.outbox",
    "revops.work",
    "revops.charts",
    "revops.imports",
    "revops.apikeys",
    "revops.frame",
    "pipeline",
    "dealdesk",
    "revops",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "django_htmx",
    "lucide",
    "django_filters",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_celery_beat",
    "anymail",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "revops.middleware.RememberingMiddleware",
    "revops.middleware.ReaderZoneMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "revops.frame.middleware.ToastMiddleware",
    "revops.frame.middleware.RefusalMiddleware",
]
ROOT_URLCONF = "revops.urls"
WSGI_APPLICATION = "revops.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.debug",
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "revops.frame.context.frame",
            ],
        },
    }
]

FORM_RENDERER = "revops.frame.renderers.FrameRenderer"
CSRF_FAILURE_VIEW = "revops.frame.views.csrf_failed"
# The mailbox, the gallery and the switch of person exist in development alone.
DEV_TOOLS = DEBUG

# Signing in: by e-mail address; nobody signs up; a second factor is each person's own choice.
AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = ["revops.signin.AdmittedBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "revops.signin.AccountAdapter"
ACCOUNT_FORMS = {"reset_password": "revops.signin.ResetPasswordForm"}
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
# An administrator who admits a person has vouched for the address.
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if IS_HTTPS else "http"
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
# The limit per account is wide: a narrow one lets a stranger lock the owner out.
ACCOUNT_RATE_LIMITS = {"login": "60/m/ip", "login_failed": "10/m/ip,100/h/key"}
MFA_ADAPTER = "allauth.mfa.adapter.DefaultMFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_TOTP_ISSUER = "Deal desk"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEBUG

# The password of every person of the demo company, which is loaded in development alone.
DEMO_PASSWORD = "a deal a day"

# Sessions, cookies, headers.
SESSION_COOKIE_AGE = env.int("SESSION_COOKIE_AGE", default=14 * 24 * 3600)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = IS_HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=30 * 24 * 3600 if IS_HTTPS else 0)
SECURE_REFERRER_POLICY = "same-origin"
# Set behind a proxy that itself sets, and never passes through, X-Forwarded-Proto.
if env.bool("BEHIND_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"
SILENCED_SYSTEM_CHECKS = [
    # What the rest of the company's domain promises to browsers is not for this site to say.
    "security.W005",
    "security.W021",
    # SQLite leaves the columns out that a covering index carries along; PostgreSQL is what counts.
    "models.W040",
]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "manifest-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
    }
}

# Language, formats, time. The reader's zone is activated for each request.
LANGUAGE_CODE = env.str("LANGUAGE_CODE", default="en")
LANGUAGES = [("en", "English")]
USE_I18N = True
USE_TZ = True
TIME_ZONE = env.str("TIME_ZONE", default="UTC")
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["revops.formats"]

# Static files and attachments.
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(BASE_DIR / "staticfiles")))
MEDIA_ROOT = Path(required("MEDIA_ROOT", env.str, development=str(VAR_DIR / "media")))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEBUG
FILE_UPLOAD_PERMISSIONS = 0o640

# Mail. In development `make run` starts a server at this address that keeps what it receives.
MAIL_PORT = env.int("MAIL_PORT", default=2525)
vars().update(required("EMAIL_URL", env.email_url, development=f"smtp://127.0.0.1:{MAIL_PORT}"))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = SERVER_EMAIL = required(
    "DEFAULT_FROM_EMAIL", env.str, development="Deal desk <dealdesk@localhost>"
)

# Answers and bounces, brought by the webhooks of a mail service; without a secret there are none.
# REPLY_DOMAIN is where answers are received, MAIL_AUTHSERV the name under which the service writes
# its Authentication-Results: without it nobody decides by answering, and answers are comments.
MAIL_HOOK_SECRET = env.str("MAIL_HOOK_SECRET", default="")
REPLY_DOMAIN = env.str("REPLY_DOMAIN", default="")
MAIL_AUTHSERV = env.str("MAIL_AUTHSERV", default="")
# MAIL_HOOK_SETTINGS are the service's own, such as {"MAILGUN_WEBHOOK_SIGNING_KEY": "..."}.
ANYMAIL = {"WEBHOOK_SECRET": MAIL_HOOK_SECRET, **env.json("MAIL_HOOK_SETTINGS", default={})}

# The shared cache holds the counters of failed sign-ins.
CACHES = {"default": required("CACHE_URL", env.cache_url, development="locmemcache://")}

# Jobs.
CELERY_BROKER_URL = required("BROKER_URL", env.str, development="filesystem://")
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_TIME_LIMIT = 15 * 60
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_WORKER_PREFETCH_MULTIPLIER = 4
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
# Deadlines are rows with a due time; these sweeps read them. A sweep that nobody took in time is
# dropped, since the next one reads the same rows.
CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    name: {"task": task, "schedule": seconds, "options": {"expires": seconds}}
    for name, task, seconds in [
        ("Send what is due", "revops.outbox.tasks.sweep_outbox", 10.0),
        ("Seal the ledger", "revops.ledger.tasks.seal_ledger", 60.0),
        ("Expire requests", "dealdesk.tasks.expire_requests", 300.0),
        ("End what lost its grant", "dealdesk.tasks.end_ungranted", 300.0),
        ("Let approvals lapse", "dealdesk.tasks.lapse_approvals", 900.0),
        ("Remind the desk", "dealdesk.tasks.remind_late_threads", 300.0),
        ("Ask others", "dealdesk.tasks.restaff_requests", 900.0),
        ("Follow who is away", "dealdesk.tasks.follow_absences", 60.0),
        ("Run the clocks of approvals", "dealdesk.tasks.run_clocks", 60.0),
        ("Fold tallies", "pipeline.tasks.fold_tallies", 60.0),
        ("Count what is missing", "pipeline.tasks.recount_open_deals", 10800.0),
        ("Find what is wrong", "pipeline.tasks.sweep_findings", 1800.0),
        ("Send the morning's mail", "pipeline.tasks.send_digests", 300.0),
        ("Keep the morning's forecast", "pipeline.tasks.take_snapshots", 600.0),
        ("Forget idempotency keys", "revops.apikeys.tasks.sweep_keys", 3600.0),
        ("Forget replays", "dealdesk.tasks.forget_old_replays", 3600.0),
        ("Forget uploaded files", "revops.imports.tasks.forget_old_files", 3600.0),
        ("Forget ended sessions", "revops.people.tasks.clear_sessions", 86400.0),
    ]
}
if CELERY_BROKER_URL.startswith("filesystem:"):
    BROKER_DIR = VAR_DIR / "broker"
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {
        "data_folder_in": str(BROKER_DIR / "queue"),
        "data_folder_out": str(BROKER_DIR / "queue"),
        "control_folder": str(BROKER_DIR / "control"),
        "processed_folder": str(BROKER_DIR / "processed"),
        # The default of a second makes a hundred tasks take most of a minute.
        "polling_interval": 0.1,
    }
    for folder in ("queue", "control", "processed"):
        (BROKER_DIR / folder).mkdir(parents=True, exist_ok=True)
elif CELERY_BROKER_URL.startswith(("redis", "valkey")):
    # Longer than the longest task, or a task still running is given to a second worker.
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "visibility_timeout": 4 * CELERY_TASK_TIME_LIMIT,
        "unacked_restore_interval": 1,
        # A broker that is away delays a delivery, not the page that asked for it.
        "socket_connect_timeout": 2,
    }

# The API.
REST_FRAMEWORK = {
    # The first one decides that who is nobody is answered 401, with how to say who one is.
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "revops.apikeys.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["revops.parsers.CleanJSONParser"],
    "DEFAULT_FILTER_BACKENDS": ["revops.filtering.AskedFilters"],
    # What an endpoint takes is told by the schema, not by OPTIONS.
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "revops.api.problem_handler",
    "COERCE_DECIMAL_TO_STRING": True,
    "UNICODE_JSON": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Deal desk",
    "DESCRIPTION": "Deals, quotes and approvals, by the same operations and refusals as the pages.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "revops.api.document_refusals",
    ],
    "ENUM_NAME_OVERRIDES": {
        "DealStatus": "pipeline.models.Deal.Status",
        "RequestStatus": "dealdesk.models.ApprovalRequest.Status",
        "QuoteStatus": "dealdesk.models.Quote.Status",
        "SlotState": "dealdesk.models.ApprovalSlot.State",
        "StepState": "dealdesk.models.ApprovalStep.State",
        "Verdict": "dealdesk.models.Decision.Verdict",
        "QuoteKind": "dealdesk.models.Quote.Kind",
        "ActivityKind": "pipeline.models.Activity.Kind",
        "ForecastCategory": "pipeline.models.StageRule.ForecastCategory",
        "OpenForecastCategory": [
            ("pipeline", "Pipeline"),
            ("best_case", "Best case"),
            ("commit", "Commit"),
            ("omitted", "Omitted"),
        ],
        "CallCategory": "pipeline.forms.forecasting.CALLED",
        "ConcessionKind": "dealdesk.models.Concession.Kind",
        "ExceptionKind": "dealdesk.models.ExceptionRecord.Kind",
        "ExceptionOutcome": "dealdesk.models.ExceptionRecord.Outcome",
        "ContactRole": "pipeline.models.DealContact.Role",
        "RoleName": "revops.people.models.Role",
        "Segment": "pipeline.models.Segment",
        "ReviewOutcome": "pipeline.operations.reviews.Outcome",
        "InReturn": "dealdesk.models.ApprovalRequest.Return",
    },
}

# Logs go to the console, where the process manager collects them.
LOG_LEVEL = env.str("LOG_LEVEL", default="INFO").upper()
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "{asctime} {levelname:<7} {name}: {message}", "style": "{"},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "django": {"handlers": ["console"], "level": LOG_LEVEL, "propagate": False},
        "kombu": {"handlers": ["console"], "level": "ERROR", "propagate": False},
        "celery": {"handlers": ["console"], "level": LOG_LEVEL, "propagate": False},
        "revops": {"handlers": ["console"], "level": LOG_LEVEL, "propagate": False},
        "pipeline": {"handlers": ["console"], "level": LOG_LEVEL, "propagate": False},
        "dealdesk": {"handlers": ["console"], "level": LOG_LEVEL, "propagate": False},
    },
}

if missing:
    raise ImproperlyConfigured(
        f"Set {', '.join(missing)} in the environment before starting, "
        "or DEBUG=1 on a machine that is for development alone."
    )
if DEBUG:
    VAR_DIR.mkdir(parents=True, exist_ok=True)
