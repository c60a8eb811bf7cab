"""System checks of the installation as a whole."""

from django.conf import settings
from django.core.checks import Error, Tags, Warning, register


@register(Tags.security, deploy=True)
def check_public_address(app_configs, **kwargs):
    """Mails carry links made from BASE_URL, so it has to be right and safe to follow."""
    if settings.IS_HTTPS:
        return []
    return [
        Warning(
            "BASE_URL is not https: passwords and approval links travel readable.",
            hint="Set BASE_URL to the https address that people use.",
            id="revops.W101",
        )
    ]


@register(Tags.security, deploy=True)
def check_processes_share_state(app_configs, **kwargs):
    """What works inside one development process is lost between several production ones."""
    found = []
    if settings.CACHES["default"]["BACKEND"].endswith(("LocMemCache", "DummyCache")):
        found.append(
            Error(
                "CACHE_URL names a cache that processes do not share; "
                "the limits on failed sign-ins would not hold.",
                hint="Use redis://… or dbcache://….",
                id="revops.E101",
            )
        )
    if settings.CELERY_BROKER_URL.startswith(("filesystem:", "memory:")):
        found.append(
            Error(
                "BROKER_URL names a broker that loses tasks; it is for development alone.",
                hint="Use redis://… or amqp://….",
                id="revops.E102",
            )
        )
    return found
