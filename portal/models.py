"""Partners, the people who log in, and which partner each of them belongs to."""

from datetime import timedelta
from functools import partial
from typing import Any, ClassVar, NoReturn

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower, Upper
from django.utils import timezone

from portal.authenticator import Authenticator
from portal.ids import new_id

__all__ = ("AuditEntry", "Authenticator", "Invitation", "Membership", "Partner", "User")


class Partner(models.Model):
    """The tenant: a company that receives verification results."""

    name = models.CharField(max_length=100)
    slug = models.SlugField(max_length=50, unique=True)
    requires_two_factor = models.BooleanField(
        default=False, help_text="Members without two-factor must turn it on before they see anything."
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    """Find and create users by e-mail address, whatever its case."""

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Create a user; without a password they can only log in after a password reset."""
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Create an administrator."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):  # type: ignore[django-manager-missing] # django-otp's
    """A person, known by their e-mail address."""

    email = models.EmailField("e-mail address", unique=True)
    name = models.CharField(max_length=100, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField("administrator", default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        constraints = (
            models.UniqueConstraint(
                Lower("email"),
                name="user_email_unique",
                violation_error_message="Somebody already logs in with this e-mail address.",
            ),
        )

    def __str__(self) -> str:
        return self.email

    @property
    def partners(self) -> models.QuerySet[Partner]:
        return Partner.objects.filter(memberships__user=self)


class Membership(models.Model):
    """One user's place at one partner."""

    class Role(models.TextChoices):
        #: May do everything, and decides who else may.
        OWNER = "owner"
        #: May change webhooks, and see and resend deliveries.
        DEVELOPER = "developer"
        #: May look, and change nothing.
        VIEWER = "viewer"

        @property
        def meaning(self) -> str:
            """What it may do, in words for whoever gives it to somebody."""
            return MEANINGS[self]

    public_id = models.CharField(max_length=40, unique=True, editable=False, default=partial(new_id, "mem"))
    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.DEVELOPER)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("partner", "user"), name="membership_unique"),)

    def __str__(self) -> str:
        return f"{self.user} at {self.partner}"

    @property
    def can_edit(self) -> bool:
        """Whether this member may change webhooks."""
        return self.role != self.Role.VIEWER

    @property
    def is_owner(self) -> bool:
        """Whether this member decides who else belongs to the partner."""
        return self.role == self.Role.OWNER


MEANINGS = {
    Membership.Role.OWNER: "Everything, and decides who belongs here.",
    Membership.Role.DEVELOPER: "Changes and tests webhooks, sees and resends deliveries.",
    Membership.Role.VIEWER: "Looks at webhooks and deliveries, and changes nothing.",
}


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def pending(self) -> "InvitationQuerySet":
        """Leave those that were neither accepted nor withdrawn; their time may be up."""
        return self.filter(accepted_at=None, withdrawn_at=None)

    def open(self) -> "InvitationQuerySet":
        """Leave those that can be accepted."""
        return self.pending().filter(expires_at__gt=timezone.now())


class Invitation(models.Model):
    """
    One e-mail that asks somebody to join a partner. Its link works once.

    Sending it again makes another row, so the rows of a day are also the count of its e-mails.
    """

    LIFETIME = timedelta(days=7)

    public_id = models.CharField(max_length=40, unique=True, editable=False, default=partial(new_id, "inv"))
    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField("e-mail address")
    role = models.CharField(max_length=10, choices=Membership.Role.choices, default=Membership.Role.DEVELOPER)
    #: The link's secret part, hashed: a copy of the database opens no door.
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    #: The e-mail address of whoever invited.
    invited_by = models.CharField(max_length=254)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, editable=False)
    withdrawn_at = models.DateTimeField(null=True, editable=False)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                "partner",
                Lower("email"),
                condition=models.Q(accepted_at=None, withdrawn_at=None),
                name="invitation_pending_once",
            ),
        )
        indexes = (
            # How many e-mails went out lately: from a partner, and to an address.
            models.Index("partner", "created_at", name="invitation_of_partner"),
            models.Index(Lower("email"), "created_at", name="invitation_of_email"),
        )

    def __str__(self) -> str:
        return self.email

    @property
    def is_expired(self) -> bool:
        return self.expires_at <= timezone.now()


class AppendOnlyError(TypeError):
    """The audit trail only grows: its entries are neither changed nor deleted."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


class AuditEntryQuerySet(models.QuerySet["AuditEntry"]):
    def update(self, **_: Any) -> NoReturn:
        raise AppendOnlyError

    def delete(self) -> NoReturn:
        raise AppendOnlyError


class AuditEntry(models.Model):
    """
    That somebody changed, revealed or sent something. Written by :mod:`portal.audit`, and never changed.

    It names fields and never their values, and refers to nothing: it outlives the person and the object.
    PostgreSQL refuses an UPDATE or DELETE of it from whoever has a connection.
    """

    class Action(models.TextChoices):
        CREATED = "created", "created"
        CHANGED = "changed", "changed"
        DELETED = "deleted", "deleted"
        ACTIVATED = "activated", "activated"
        DEACTIVATED = "deactivated", "deactivated"
        TESTED = "tested", "tested"
        RESENT = "resent", "resent"
        DISCARDED = "discarded", "discarded"
        SECRET_REVEALED = "secret_revealed", "revealed the secret of"
        SECRET_ROLLED = "secret_rolled", "rolled the secret of"
        OVERLAP_ENDED = "overlap_ended", "ended the old secret of"
        INVITED = "invited", "invited"
        INVITATION_WITHDRAWN = "invitation_withdrawn", "withdrew the invitation of"
        JOINED = "joined", "joined"
        ROLE_CHANGED = "role_changed", "changed the role of"
        REMOVED = "removed", "removed"
        LEFT = "left", "left"
        PASSWORD_CHANGED = "password_changed", "changed the password of"
        TWO_FACTOR_ON = "two_factor_on", "turned two-factor on for"
        TWO_FACTOR_OFF = "two_factor_off", "turned two-factor off for"
        TWO_FACTOR_REQUIRED = "two_factor_required", "made two-factor a must at"
        TWO_FACTOR_OPTIONAL = "two_factor_optional", "left two-factor to the members of"
        RECOVERY_CODES_MADE = "recovery_codes_made", "made new recovery codes for"
        RECOVERY_CODE_USED = "recovery_code_used", "logged in with a recovery code of"

    public_id = models.CharField(max_length=40, unique=True, editable=False, default=partial(new_id, "aud"))
    partner = models.ForeignKey(
        Partner,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="audit_entries",
        db_index=False,
    )
    at = models.DateTimeField(default=timezone.now)
    #: The e-mail address of whoever did it.
    by = models.CharField(max_length=254)
    action = models.CharField(max_length=30, choices=Action.choices)
    #: What it was done to: the kind, its public id where it has one, and what people call it.
    kind = models.CharField(max_length=20)
    subject_id = models.CharField(max_length=40, blank=True)
    subject = models.CharField(max_length=300)
    #: More in a few words: the names of the fields changed, the new role, how many.
    detail = models.CharField(max_length=300, blank=True)

    objects = AuditEntryQuerySet.as_manager()

    class Meta:
        ordering = ("-pk",)
        verbose_name_plural = "audit entries"
        indexes = (
            # The trail's page: one partner's entries, the newest first.
            models.Index(fields=("partner", "-id"), name="audit_of_partner"),
            # The same by person, in whatever case the address is typed, and by action.
            models.Index("partner", Upper("by"), models.F("id").desc(), name="audit_of_person"),
            models.Index("partner", "action", models.F("id").desc(), name="audit_of_action"),
        )

    def __str__(self) -> str:
        return f"{self.by} {self.get_action_display()} {self.subject}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnlyError
        super().save(*args, **kwargs)

    def delete(self, *_: Any, **__: Any) -> NoReturn:
        raise AppendOnlyError
