"""Partners, the people who log in, and which partner each of them belongs to."""

from functools import partial
from typing import Any, ClassVar, NoReturn

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from portal.ids import new_id


class Partner(models.Model):
    """The tenant: a company that receives verification results."""

    name = models.CharField(max_length=100)
    slug = models.SlugField(max_length=50, unique=True)
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


class User(AbstractBaseUser, PermissionsMixin):
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


class Membership(models.Model):
    """One user's place at one partner."""

    class Role(models.TextChoices):
        #: May do everything, and decides who else may.
        OWNER = "owner"
        #: May change webhooks, and see and resend deliveries.
        DEVELOPER = "developer"
        #: May look, and change nothing.
        VIEWER = "viewer"

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
        PASSWORD_CHANGED = "password_changed", "changed the password of"
        TWO_FACTOR_ON = "two_factor_on", "turned two-factor on for"
        TWO_FACTOR_OFF = "two_factor_off", "turned two-factor off for"

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
        )

    def __str__(self) -> str:
        return f"{self.by} {self.get_action_display()} {self.subject}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnlyError
        super().save(*args, **kwargs)

    def delete(self, *_: Any, **__: Any) -> NoReturn:
        raise AppendOnlyError
