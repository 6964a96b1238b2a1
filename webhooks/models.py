"""What a partner configures: where results go, how they are signed and which of them."""

import base64
import secrets
from datetime import date, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from django.db import models, transaction
from django.db.models import Sum
from django.db.models.functions import TruncDate
from django.dispatch import Signal
from django.utils import timezone
from django.utils.functional import cached_property

from portal.encryption import EncryptedTextField
from portal.ids import new_id
from portal.models import Partner
from webhooks import signals
from webhooks.event_types import EventType
from webhooks.figures import LATENCIES, Latency, Rate, latency
from webhooks.health import Health, health, success_rate
from webhooks.rolling import Secrets, overlaps
from webhooks.secret_keys import PREFIX

if TYPE_CHECKING:
    from collections.abc import Sequence

#: What holds a webhook's secrets; written together, for they speak of each other.
SECRET_FIELDS = ("secret", "previous_secret", "previous_secret_expires_at")


def generate_secret() -> str:
    """Return a new signing secret in the form that Standard Webhooks 1.0.0 gives it."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


class WebhookQuerySet(models.QuerySet["Webhook"]):
    """Webhooks that still exist; a deleted one remains only for the log."""

    def live(self) -> Self:
        return self.filter(deleted_at=None)

    def update(self, **fields: Any) -> int:
        """Update, and say when: whoever keeps a webhook in memory knows by it that it changed."""
        return super().update(**{"updated_at": timezone.now(), **fields})

    def forget_old_secrets(self, *, ended_before: datetime) -> int:
        """Erase the old secrets whose overlap ended before that; return how many."""
        ended = self.filter(previous_secret_expires_at__lt=ended_before)
        return ended.update(previous_secret=None, previous_secret_expires_at=None)


class Webhook(models.Model):
    """One endpoint of a partner. Health, counts and last delivery are kept here as they happen."""

    public_id = models.CharField(max_length=40, unique=True, editable=False, default=partial(new_id, "wh"))
    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="webhooks")
    url = models.CharField("URL", max_length=2048)
    is_active = models.BooleanField("active", default=True)
    secret = EncryptedTextField(default=generate_secret)
    previous_secret = EncryptedTextField(null=True, blank=True)
    previous_secret_expires_at = models.DateTimeField(null=True, blank=True)
    event_types = models.JSONField(default=list, blank=True, help_text="None means every type.")
    payload_template = models.TextField(blank=True)
    created_at = models.DateTimeField("created", default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)

    deactivated_at = models.DateTimeField(null=True, blank=True, editable=False)
    deactivation_reason = models.TextField(blank=True, editable=False)

    outcomes = models.CharField(max_length=20, blank=True, editable=False)
    succeeded_count = models.PositiveBigIntegerField(default=0, editable=False)
    failed_count = models.PositiveBigIntegerField(default=0, editable=False)
    last_attempt_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_status_code = models.PositiveSmallIntegerField(null=True, blank=True, editable=False)
    last_cause = models.CharField(max_length=20, blank=True, editable=False)
    last_duration_ms = models.PositiveIntegerField(null=True, blank=True, editable=False)
    #: The latest attempt that failed, whatever came after it.
    last_failed_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_failed_code = models.PositiveSmallIntegerField(null=True, blank=True, editable=False)
    last_failed_cause = models.CharField(max_length=20, blank=True, editable=False, default="", db_default="")
    #: When the first of those attempts began that have failed ever since; none while the last succeeded.
    failing_since = models.DateTimeField(null=True, blank=True, editable=False)
    #: When people were last told that it fails.
    trouble_told_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = WebhookQuerySet.as_manager()

    #: Its headers, where somebody has read them already.
    headers_at_hand: "Sequence[WebhookHeader] | None" = None

    class Meta:
        ordering = ("pk",)
        indexes = (
            # record(): the webhooks of one partner; the list page in the order of creation.
            models.Index(fields=("partner", "id"), condition=models.Q(deleted_at=None), name="webhook_live"),
        )
        constraints = (
            models.CheckConstraint(
                condition=models.Q(deactivated_at=None) | models.Q(is_active=False),
                name="webhook_deactivated_is_inactive",
            ),
        )

    def __str__(self) -> str:
        return self.host

    @property
    def host(self) -> str:
        """The URL's host, with its port when that is not the usual one."""
        return urlsplit(self.url).netloc

    @property
    def path(self) -> str:
        """The URL after its host."""
        return self.url.partition("://")[2].removeprefix(self.host) or "/"

    @property
    def health(self) -> Health:
        return health(self.outcomes, deactivated=self.deactivated_at is not None)

    @property
    def success_rate(self) -> float | None:
        """Percentage of finished deliveries that succeeded, tests left out."""
        return success_rate(succeeded=self.succeeded_count, failed=self.failed_count)

    @property
    def finished_count(self) -> int:
        """How many deliveries the success rate speaks of."""
        return self.succeeded_count + self.failed_count

    @cached_property
    def own_headers(self) -> dict[str, str]:
        """Return the headers that the partner wants on every request."""
        headers = self.headers.all() if self.headers_at_hand is None else self.headers_at_hand
        return {header.name: header.value for header in headers}

    @property
    def signing_secrets(self) -> Secrets:
        """The current secret, and the old one while it is kept; set it, and :meth:`save_secrets`."""
        return Secrets(self.secret, self.previous_secret, self.previous_secret_expires_at)

    @signing_secrets.setter
    def signing_secrets(self, secrets: Secrets) -> None:
        self.secret, self.previous_secret = secrets.current, secrets.previous
        self.previous_secret_expires_at = secrets.ends_at

    def is_overlapping(self, at: datetime) -> bool:
        """Whether the old secret still signs."""
        return overlaps(self.previous_secret_expires_at, at=at)

    def save_secrets(self) -> None:
        self.save(update_fields=[*SECRET_FIELDS, "updated_at"])

    def subscribes_to(self, event_type: str) -> bool:
        return not self.event_types or event_type in self.event_types

    def activate(self) -> None:
        """Receive again; failures from here on are new ones."""
        self.is_active, self.deactivated_at, self.deactivation_reason = True, None, ""
        self.failing_since = None
        self._save_and_tell(
            signals.activated, "is_active", "deactivated_at", "deactivation_reason", "failing_since"
        )

    def deactivate(self, *, reason: str = "") -> None:
        """Stop receiving; with a *reason* it was failures that did it, not a person."""
        self.is_active = False
        self.deactivated_at = timezone.now() if reason else None
        self.deactivation_reason = reason
        self._save_and_tell(signals.deactivated, "is_active", "deactivated_at", "deactivation_reason")

    @transaction.atomic
    def delete_softly(self) -> None:
        """Forget the configuration for good, and keep the row that the log refers to."""
        self.is_active, self.deleted_at, self.deactivated_at = False, timezone.now(), None
        self.signing_secrets = Secrets("")
        self.headers.all().delete()
        self._save_and_tell(signals.deleted, "is_active", "deleted_at", "deactivated_at", *SECRET_FIELDS)

    @transaction.atomic
    def _save_and_tell(self, signal: Signal, *fields: str) -> None:
        self.save(update_fields=[*fields, "updated_at"])
        signal.send(type(self), webhook=self)


class WebhookHeader(models.Model):
    """One header that the partner wants on every request to a webhook."""

    public_id = models.CharField(max_length=40, unique=True, editable=False, default=partial(new_id, "whh"))
    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="headers")
    name = models.CharField(max_length=64)
    value = EncryptedTextField()

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        super().save(*args, **kwargs)
        self._mark_changed()

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        self._mark_changed()
        return super().delete(*args, **kwargs)

    def _mark_changed(self) -> None:
        Webhook.objects.filter(pk=self.webhook_id).update()


class WebhookHourQuerySet(models.QuerySet["WebhookHour"]):
    def rates(self) -> dict[int, Rate]:
        """Return how many deliveries ended well and badly, by webhook."""
        rows = self.values_list("webhook").annotate(Sum("succeeded"), Sum("failed"))
        return {webhook: Rate(succeeded, failed) for webhook, succeeded, failed in rows}

    def daily(self) -> dict[date, Rate]:
        """Return how many deliveries ended well and badly, by day."""
        rows = self.values_list(TruncDate("hour")).annotate(Sum("succeeded"), Sum("failed"))
        return {day: Rate(succeeded, failed) for day, succeeded, failed in rows}

    def total(self) -> tuple[Rate, Latency | None]:
        """Return how many deliveries ended well and badly, and how fast the answers came."""
        names = ("succeeded", "failed", *LATENCIES)
        sums = self.aggregate(**{f"total_{name}": Sum(name, default=0) for name in names})
        succeeded, failed, *counts = sums.values()
        return Rate(succeeded, failed), latency(counts)


class WebhookHour(models.Model):
    """What came of one webhook's deliveries within one hour, tests and faults of our own left out."""

    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="hours", db_index=False)
    #: When it begins.
    hour = models.DateTimeField()
    #: Deliveries by what they are now; one that is resent leaves its hour until it ends again.
    succeeded = models.IntegerField(default=0, db_default=0)
    failed = models.IntegerField(default=0, db_default=0)
    #: Answered attempts by how long the answer took: at most so many milliseconds, and longer.
    ms_10 = models.IntegerField(default=0, db_default=0)
    ms_20 = models.IntegerField(default=0, db_default=0)
    ms_30 = models.IntegerField(default=0, db_default=0)
    ms_50 = models.IntegerField(default=0, db_default=0)
    ms_75 = models.IntegerField(default=0, db_default=0)
    ms_100 = models.IntegerField(default=0, db_default=0)
    ms_150 = models.IntegerField(default=0, db_default=0)
    ms_200 = models.IntegerField(default=0, db_default=0)
    ms_300 = models.IntegerField(default=0, db_default=0)
    ms_500 = models.IntegerField(default=0, db_default=0)
    ms_750 = models.IntegerField(default=0, db_default=0)
    ms_1000 = models.IntegerField(default=0, db_default=0)
    ms_2000 = models.IntegerField(default=0, db_default=0)
    ms_5000 = models.IntegerField(default=0, db_default=0)
    ms_10000 = models.IntegerField(default=0, db_default=0)

    objects = WebhookHourQuerySet.as_manager()

    class Meta:
        constraints = (
            # Also how a webhook's figures are found, and how the engine adds to them.
            models.UniqueConstraint(fields=("webhook", "hour"), name="webhook_hour_unique"),
        )

    def __str__(self) -> str:
        return f"{self.webhook_id} at {self.hour:%Y-%m-%d %H:00}"


__all__ = ["EventType", "Webhook", "WebhookHeader", "WebhookHour", "generate_secret"]
