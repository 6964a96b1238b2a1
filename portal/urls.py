"""Every address of the portal: the only place that knows all rooms."""

from django.conf import settings
from django.contrib import admin
from django.contrib.auth import views as auth
from django.urls import include, path
from django.views.generic import RedirectView

from portal import views
from portal.forms import LoginForm, PasswordResetForm

login = auth.LoginView.as_view(
    form_class=LoginForm, template_name="portal/login.html", redirect_authenticated_user=True
)

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
        auth.PasswordResetConfirmView.as_view(template_name="portal/password_reset_confirm.html"),
        name="password_reset_confirm",
    ),
    path(
        "done/",
        auth.PasswordResetCompleteView.as_view(template_name="portal/password_reset_complete.html"),
        name="password_reset_complete",
    ),
]

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="webhooks:list"), name="home"),
    path("login/", login, name="login"),
    path("logout/", auth.LogoutView.as_view(), name="logout"),
    path("password-reset/", include(password_reset)),
    path("partner/", views.switch_partner, name="switch_partner"),
    path("webhooks/", include("webhooks.urls")),
    path("", include("deliveries.urls")),
    path("docs/", include("deliveries.docs.urls")),
    path(settings.ADMIN_PATH, admin.site.urls),
]
