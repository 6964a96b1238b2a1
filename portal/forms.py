"""How people get in, whom they let in, and what they say about themselves."""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms import CharField, ChoiceField, EmailField, Form, ModelForm, RadioSelect
from django.forms.widgets import EmailInput, PasswordInput, TextInput
from django.http import HttpRequest

from portal import throttle
from portal.models import AuditEntry, Membership, User

Role = Membership.Role


class LoginForm(forms.AuthenticationForm):
    """
    Ask for e-mail address and password, without telling strangers who has an account.

    It may be tried as often as portal.throttle admits.
    """

    error_messages = {  # noqa: RUF012 - Django reads it once
        "invalid_login": "This e-mail address and password do not belong together. Check both, "
        "or choose a new password with the link below.",
        "inactive": "This account is closed. Ask an owner of your partner account.",
    }

    def clean(self) -> dict[str, Any]:
        name, request = self.cleaned_data.get("username"), self.request
        if name is None or request is None:
            return super().clean()
        if not throttle.admit(request, name):
            raise ValidationError(THROTTLED, code="throttled")
        cleaned_data = super().clean()
        throttle.forget(request, name)
        return cleaned_data


THROTTLED = (
    "There were too many attempts to log in with this e-mail address. "
    f"Wait {throttle.WINDOW // 60} minutes, then try again. "
    "If you are not sure of your password, choose a new one meanwhile."
)


class PasswordResetForm(forms.PasswordResetForm):
    """
    Ask for the link with which a password is chosen, a first one too.

    It leaves as often as portal.throttle admits; whoever asks reads the same in every case.
    """

    def save(self, *args: Any, **options: Any) -> None:
        if throttle.admit(options["request"], f"password reset of {self.cleaned_data['email']}"):
            super().save(*args, **options)

    def get_users(self, email: str) -> Iterable[User]:
        """Return who may reset; Django's own form leaves out whoever has no password yet."""
        return User.objects.filter(email__iexact=email, is_active=True)


# --- The second step, and other proofs ---------------------------------------------------------------


class CodeForm(Form):
    """A code of the authenticator app."""

    code = CharField(
        max_length=40,
        widget=TextInput(
            attrs={
                "autocomplete": "one-time-code",
                "inputmode": "numeric",
                "spellcheck": "false",
                "autofocus": True,
            }
        ),
        error_messages={"required": "Type the six digits that your authenticator app shows."},
    )

    def refuse(self, message: str) -> None:
        self.add_error("code", message)


class SecondStepForm(CodeForm):
    """A code of the app, or a recovery code, which has letters too."""

    code = CharField(
        max_length=40,
        widget=TextInput(attrs={"autocomplete": "one-time-code", "spellcheck": "false", "autofocus": True}),
        help_text="The six digits from your authenticator app, or one of your recovery codes.",
        error_messages={"required": "Type the six digits that your authenticator app shows."},
    )


class PasswordProof:
    """Asks for the current password, as often as portal.throttle admits."""

    request: HttpRequest

    def prove(self, user: User, password: str) -> str:
        """
        Return *password* if it is the current one.

        Raises:
            ValidationError: it is not, or there were too many tries.

        """
        if not throttle.admit(self.request, user.email):
            raise ValidationError(
                f"There were too many wrong passwords. Wait {throttle.WINDOW // 60} minutes, then try again."
            )
        if not user.check_password(password):
            raise ValidationError("This is not your current password. Nothing was changed.")
        throttle.forget(self.request, user.email)
        return password


class ProofForm(PasswordProof, Form):
    """The password once more, before something that weakens an account."""

    password = CharField(
        label="Your password",
        strip=False,
        widget=PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, *args: Any, request: HttpRequest, **options: Any) -> None:
        super().__init__(*args, **options)
        self.request = request

    def clean_password(self) -> str:
        return self.prove(self.request.user, self.cleaned_data["password"])  # type: ignore[arg-type]


# --- Oneself -----------------------------------------------------------------------------------------


class NameForm(ModelForm):  # type: ignore[type-arg] # Django has no [] at run time
    class Meta:
        model = User
        fields = ("name",)
        widgets = {"name": TextInput(attrs={"autocomplete": "name"})}  # noqa: RUF012 - Django reads it once


class PasswordForm(PasswordProof, forms.PasswordChangeForm):
    """The current password and a new one, twice."""

    def __init__(self, *args: Any, request: HttpRequest, **options: Any) -> None:
        super().__init__(request.user, *args, **options)  # type: ignore[arg-type]
        self.request = request
        self.fields["old_password"].label = "Current password"

    def clean_old_password(self) -> str:
        return self.prove(self.user, self.cleaned_data["old_password"])


class SignUpForm(forms.SetPasswordMixin, Form):  # type: ignore[type-arg] # Django has no [] at run time
    """Name and password of somebody who was invited."""

    name = CharField(
        label="Your name",
        max_length=100,
        widget=TextInput(attrs={"autocomplete": "name", "autofocus": True}),
        error_messages={"required": "Type your name: your colleagues see it in the list of people."},
    )
    password1, password2 = forms.SetPasswordMixin.create_password_fields(label2="Password, once more")

    def __init__(self, *args: Any, email: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.email = email

    def clean(self) -> dict[str, Any]:
        self.validate_passwords()
        self.validate_password_for_user(User(email=self.email, name=self.cleaned_data.get("name", "")))
        return super().clean() or self.cleaned_data


# --- People ------------------------------------------------------------------------------------------


class RoleForm(Form):
    role = ChoiceField(
        choices=[(role.value, role) for role in Role],
        widget=RadioSelect(attrs={"class": "form-check-input"}),
        error_messages={
            "required": "Choose a role.",
            "invalid_choice": "There is no such role. Choose one of these.",
        },
    )


class InviteForm(RoleForm):
    """Whom to invite, and as what."""

    email = EmailField(
        label="E-mail address",
        max_length=254,
        widget=EmailInput(attrs={"autocomplete": "off", "autofocus": True}),
        error_messages={
            "required": "Type the address that the invitation goes to.",
            "invalid": "This is no e-mail address. It looks like name@company.com.",
        },
    )
    field_order = ("email", "role")


# --- The audit trail -----------------------------------------------------------------------------------


class TrailFilter(Form):
    """A choice of the trail's entries; without any value, all of them."""

    person = CharField(
        label="Person",
        max_length=254,
        required=False,
        widget=TextInput(attrs={"list": "people", "autocomplete": "off", "placeholder": "E-mail address"}),
    )
    action = ChoiceField(
        label="What they did",
        choices=lambda: [("", "Anything"), *AuditEntry.Action.choices],
        required=False,
    )

    @property
    def is_used(self) -> bool:
        return self.is_valid() and any(self.cleaned_data.values())

    def leave_of(self, entries: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        """Return those of *entries* that match; none, when a value cannot be understood."""
        if not self.is_valid():
            return entries.none()
        if person := self.cleaned_data["person"]:
            entries = entries.filter(by__iexact=person)
        if action := self.cleaned_data["action"]:
            entries = entries.filter(action=action)
        return entries
