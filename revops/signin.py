"""Who may sign in: people whom an administrator admitted and who are still with the company."""

from urllib.parse import quote, urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.forms import ResetPasswordForm as StockResetPasswordForm
from allauth.account.internal.stagekit import clear_login
from django.conf import settings
from django.urls import reverse


def may_sign_in(user) -> bool:
    return user.is_active and user.admitted_at is not None


class AdmittedBackend(AuthenticationBackend):
    """Asked at sign-in and again on every request, so that a session ends with the admission."""

    def user_can_authenticate(self, user):
        return may_sign_in(user)


class AccountAdapter(DefaultAccountAdapter):
    """Nobody signs up; every way in, passkeys included, ends at the same question."""

    def is_open_for_signup(self, request):
        return False

    def get_reset_password_from_key_url(self, key):
        """Where this installation is, whatever host the request claimed."""
        parts = {"uidb36": "UID", "key": "KEY"}
        path = reverse("account_reset_password_from_key", kwargs=parts)
        return settings.BASE_URL + path.replace("UID-KEY", quote(key))

    def send_mail(self, template_prefix, email, context):
        here = urlsplit(settings.BASE_URL).netloc
        site = {"name": here, "domain": here}
        super().send_mail(template_prefix, email, {**context, "current_site": site})

    def pre_login(self, request, user, **kwargs):
        if not may_sign_in(user):
            clear_login(request)
            return self.respond_user_inactive(request, user)
        return super().pre_login(request, user, **kwargs)


class ResetPasswordForm(StockResetPasswordForm):
    """Mails a new password's link only to those who may use it; answers everybody alike."""

    def clean_email(self):
        email = super().clean_email()
        self.users = [user for user in self.users if may_sign_in(user)]
        return email
