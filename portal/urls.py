"""Every address of the portal: the only place that knows all rooms."""

from django.conf import settings
from django.contrib import admin
from django.contrib.auth import views as auth
from django.urls import include, path
from django.views.generic import RedirectView

from portal.forms import PasswordResetForm
from portal.views import (
    health,
    invitation,
    login,
    not_found,
    partner,
    people,
    profile,
    security_txt,
    trail,
    two_factor,
)

handler404 = not_found.not_found

password_reset = [
    path(
        "",
        auth.PasswordResetView.as_view(
            form_class=PasswordResetForm,
            template_name="portal/password_reset.html",
            subject_template_name="portal/password_reset_subject.txt",
            email_template_name="portal/password_reset_email.txt",
        ),
        name="password_reset",
    ),
    path(
        "sent/",
        auth.PasswordResetDoneView.as_view(template_name="portal/password_reset_done.html"),
        name="password_reset_done",
    ),
    path(
        "<uidb64>/<token>/",
        login.PasswordResetConfirm.as_view(),
        name="password_reset_confirm",
    ),
    path(
        "done/",
        auth.PasswordResetCompleteView.as_view(template_name="portal/password_reset_complete.html"),
        name="password_reset_complete",
    ),
]

members = [
    path("", people.people_list, name="people"),
    path("invite/", people.invite, name="invite"),
    path("leave/", people.leave, name="leave"),
    path("two-factor/", people.require_two_factor, name="require_two_factor"),
    path("invitations/<str:public_id>/resend/", people.resend_invitation, name="resend_invitation"),
    path("invitations/<str:public_id>/withdraw/", people.withdraw_invitation, name="withdraw_invitation"),
    path("<str:public_id>/", people.member, name="member"),
    path("<str:public_id>/remove/", people.remove_member, name="remove_member"),
]

oneself = [
    path("", profile.profile, name="profile"),
    path("password/", profile.password, name="password"),
    path("two-factor/", two_factor.two_factor, name="two_factor"),
    path("two-factor/confirm/", two_factor.confirm, name="two_factor_confirm"),
    path("two-factor/recovery-codes/", two_factor.recovery_codes, name="recovery_codes"),
    path("two-factor/off/", two_factor.turn_off, name="two_factor_off"),
]

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="webhooks:list"), name="home"),
    path("login/", login.Login.as_view(), name="login"),
    path("login/code/", login.code, name="second_step"),
    path("logout/", auth.LogoutView.as_view(), name="logout"),
    path("password-reset/", include(password_reset)),
    path("invitation/", invitation.invitation, name="invitation"),
    path("invitation/<str:token>/", invitation.invitation_link, name="invitation_link"),
    path("partner/", partner.switch_partner, name="switch_partner"),
    path("people/", include(members)),
    path("profile/", include(oneself)),
    path("audit/", trail.audit_trail, name="audit_trail"),
    path("health/", health.health, name="health"),
    path(".well-known/security.txt", security_txt.security_txt, name="security_txt"),
    path("webhooks/", include("webhooks.urls")),
    path("", include("deliveries.urls")),
    path("docs/", include("deliveries.docs.urls")),
    path(settings.ADMIN_PATH, admin.site.urls),
]
