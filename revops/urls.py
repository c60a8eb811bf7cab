"""Every address of the site; the only place that knows all applications."""

from allauth.account.decorators import secure_admin_login
from allauth.account.views import login
from django.conf import settings
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth.decorators import login_required
from django.db import connection
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import include, path, re_path
from django.views.decorators.cache import never_cache
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from revops.api import NoSuchEndpoint

admin.site.site_header = admin.site.site_title = "Deal desk administration"
admin.site.login = secure_admin_login(admin.site.login)


@never_cache
def healthz(request):
    """Whether this process answers and reaches its database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("ok\n", content_type="text/plain")


def closed(request, *args, **kwargs):
    """Addresses and sign-ups are an administrator's business, not self-service."""
    raise Http404


def sign_in(request, *args, **kwargs):
    """Where nobody is yet, there is nobody to sign in as: the installation is set up first."""
    if not get_user_model().objects.exists():
        return redirect("dealdesk:setup")
    return login(request, *args, **kwargs)


urlpatterns = [
    *([path("mail/hooks/", include("anymail.urls"))] if settings.MAIL_HOOK_SECRET else []),
    path("healthz", healthz, name="healthz"),
    path("admin/", admin.site.urls),
    path("accounts/email/", closed),
    path("accounts/signup/", closed),
    path("accounts/login/", sign_in, name="account_login"),
    path("accounts/", include("allauth.urls")),
    path("api/v1/schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path(
        "api/v1/docs/",
        login_required(
            SpectacularSwaggerSplitView.as_view(
                url_name="api-schema", template_name="api/docs.html"
            )
        ),
        name="api-docs",
    ),
    path("api/v1/", include("pipeline.api_urls")),
    path("api/v1/", include("dealdesk.api_urls")),
    re_path("^api/", NoSuchEndpoint.as_view()),
    path("", include("revops.frame.urls")),
    path("", include("revops.company.urls")),
    path("", include("revops.people.urls")),
    path("", include("revops.outbox.urls")),
    path("", include("revops.work.urls")),
    path("", include("revops.imports.urls")),
    path("", include("pipeline.urls")),
    path("", include("dealdesk.urls")),
]

handler403 = "revops.frame.views.forbidden"
handler404 = "revops.frame.views.not_found"
handler500 = "revops.frame.views.broken"
