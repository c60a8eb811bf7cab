"""Who may sign in: people whom an administrator admitted and who are still with the company."""

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.forms import ResetPasswordForm as StockResetPasswordForm
from allauth.account.internal.stagekit import clear_login


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
