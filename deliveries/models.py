"""What happened, to whom it is owed, and every request that was made."""

from datetime import datetime
from functools import partial
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from deliveries.alerts.models import Alert, AlertMail, AlertSettings
from portal.encryption import EncryptedTextField
from portal.ids import new_id
from portal.models import Partner
from webhooks.event_types import EventType
from webhooks.models import Webhook


class EventQuerySet(models.QuerySet["Event"]):
    def purged(self) -> Self:
        return self.filter(body="")

    def unpurged(self) -> Self:
        return self.exclude(body="")


class Event(models.Model):
    """One thing that happened to a verification. Immutable."""

    public_id = models.CharField(max_length=40, unique=True, editable=False, default=partial(new_id, "evt"))
    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="events", db_index=False)
    type = models.CharField(max_length=50, choices=EventType.choices)
    verification_id = models.CharField(max_length=200)
    #: Empty once purged.
    body = EncryptedTextField(help_text="The payload as sent: a fixed point of JSON.stringify∘JSON.parse.")
    idempotency_key = models.CharField(max_length=200, null=True, blank=True)  # noqa: DJ001 - null: none given
    is_test = models.BooleanField("test", default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = EventQuerySet.as_manager()

    class Meta:
        indexes = (
            # purge(): what still has its payload, and what has none any more, oldest first.
            models.Index(fields=("created_at",), condition=~Q(body=""), name="event_unpurged"),
            models.Index(fields=("created_at",), condition=Q(body=""), name="event_purged"),
            # The log of one verification.
            models.Index(fields=("partner", "verification_id"), name="event_verification"),
            # The log of a type that is rare.
            models.Index(fields=("partner", "type"), name="event_of_type"),
        )
        constraints = (
            models.UniqueConstraint(fields=("partner", "idempotency_key"), name="event_idempotency_key"),
        )

    def __str__(self) -> str:
        return f"{self.type} {self.verification_id}"

    @property
    def is_purged(self) -> bool:
        """Whether its payload, and what was answered to it, are no longer kept."""
        return not self.body


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def due(self, now: datetime) -> Self:
        """Return what may be claimed: its time has come, or its lease has run out."""
        return self.filter(status=Delivery.Status.PENDING, next_attempt_at__lte=now)


class Delivery(models.Model):
    """One event owed to one webhook."""

    class Status(models.TextChoices):
        #: Owed: waiting for its first or next attempt, or being sent right now.
        PENDING = "pending"
        #: Answered with 2xx.
        SUCCEEDED = "succeeded"
        #: Every attempt failed.
        FAILED = "failed"
        #: Owed, while its webhook is inactive.
        HELD = "held"
        #: Given up on purpose.
        CANCELED = "canceled"

    #: Also the `webhook-id` header, the same on every attempt.
    public_id = models.CharField(max_length=40, unique=True, editable=False, default=partial(new_id, "msg"))
    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="deliveries")
    webhook = models.ForeignKey(Webhook, on_delete=models.PROTECT, related_name="deliveries", db_index=False)
    #: What the webhook's payload template made of the event; empty: the event's own body is sent.
    body = EncryptedTextField(blank=True, default="", db_default="")
    #: Whether an attempt may have been made, and with it the body is what it is for good.
    is_body_fixed = models.BooleanField(default=False, db_default=False)
    #: The webhook's, for the log of all webhooks.
    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="deliveries", db_index=False)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PENDING)
    is_test = models.BooleanField("test", default=False)
    attempt_count = models.PositiveSmallIntegerField("attempts", default=0)
    #: How many attempts had been made when it was last owed afresh; retries are counted from here.
    round_start = models.PositiveSmallIntegerField(default=0)
    #: While leased: when the lease runs out. Else: when the next attempt is due.
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    #: Names the claim that is sending it now; only that claim may record what came of it.
    lease = models.UUIDField(null=True, blank=True)
    #: How many of its leases ran out: each time the worker that was sending it died, or was cut off.
    lost_leases = models.PositiveSmallIntegerField(default=0, db_default=0)
    #: How often a person asked to send it again.
    resent_count = models.PositiveSmallIntegerField(default=0, db_default=0)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    finished_at = models.DateTimeField(null=True, blank=True)
    last_status_code = models.PositiveSmallIntegerField(null=True, blank=True)
    last_cause = models.CharField(max_length=20, blank=True)
    last_duration_ms = models.PositiveIntegerField(null=True, blank=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "deliveries"
        indexes = (
            # engine.leasing: what is due, oldest first. Its condition holds for the same rows as that of
            # delivery_pending, in other words: PostgreSQL would take one for the other, and read all of it,
            # while it believes that little is pending.
            models.Index(
                fields=("next_attempt_at", "id"),
                condition=Q(next_attempt_at__isnull=False),
                name="delivery_due",
            ),
            # A webhook's log and a partner's, newest first, by keyset, within a time.
            models.Index(fields=("webhook", "-created_at", "-id"), name="delivery_log"),
            models.Index(fields=("partner", "-created_at", "-id"), name="delivery_log_of_all"),
            # The same, of what stands badly; and releasing and counting what is held for a webhook.
            models.Index(
                fields=("webhook", "status", "-created_at", "-id"),
                condition=Q(status__in=("failed", "held", "canceled")),
                name="delivery_unwell",
            ),
            models.Index(
                fields=("partner", "status", "-created_at", "-id"),
                condition=Q(status__in=("failed", "held", "canceled")),
                name="delivery_unwell_of_all",
            ),
            # The same, of what was not answered with 2xx.
            models.Index(
                fields=("webhook", "-created_at", "-id"), condition=~Q(last_cause=""), name="delivery_trouble"
            ),
            models.Index(
                fields=("partner", "-created_at", "-id"),
                condition=~Q(last_cause=""),
                name="delivery_trouble_of_all",
            ),
            # engine.fairness: who is owed anything, and the oldest of it, without a look into the table;
            # holding what is owed.
            models.Index(
                fields=("webhook", "next_attempt_at", "id", "partner"),
                condition=Q(status="pending"),
                name="delivery_pending",
            ),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(status="pending", next_attempt_at__isnull=False)
                | (~Q(status="pending") & Q(next_attempt_at=None, lease=None)),
                name="delivery_only_pending_is_due",
            ),
            models.CheckConstraint(
                condition=Q(status__in=("pending", "held"), finished_at=None)
                | (~Q(status__in=("pending", "held")) & Q(finished_at__isnull=False)),
                name="delivery_finished_has_time",
            ),
        )

    def __str__(self) -> str:
        return self.public_id

    @property
    def sent_body(self) -> str:
        """What is POSTed, on every attempt."""
        body: str = self.body or self.event.body
        return body


class Attempt(models.Model):
    """One HTTP request of a delivery and what came back."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="attempts", db_index=False)
    number = models.PositiveSmallIntegerField()
    started_at = models.DateTimeField()
    duration_ms = models.PositiveIntegerField()
    #: Its query is masked.
    url = models.CharField("URL", max_length=2048)
    request_headers = models.JSONField(
        help_text="As sent; the values of the partner's own headers are masked."
    )
    status_code = models.PositiveSmallIntegerField(null=True, blank=True)
    #: Empty after success, else a deliveries.causes.Cause.
    cause = models.CharField(max_length=20, blank=True)
    #: What went wrong, in words for the partner's developer.
    detail = models.TextField(blank=True)
    #: The answer's first bytes as text.
    response = EncryptedTextField(blank=True, owner="delivery_id")

    class Meta:
        ordering = ("number",)
        constraints = (models.UniqueConstraint(fields=("delivery", "number"), name="attempt_number_unique"),)

    def __str__(self) -> str:
        return f"attempt {self.number} of {self.delivery_id}"

    @property
    def succeeded(self) -> bool:
        return not self.cause


class Resend(models.Model):
    """A person's wish to send a delivery again: the same webhook-id, a new round of attempts."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="resends")
    #: The number of the last attempt before it.
    after_attempt = models.PositiveSmallIntegerField()
    #: The e-mail address of who asked: it stays when the user is gone.
    by = models.CharField(max_length=254)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.delivery_id} by {self.by}"


__all__ = ["Alert", "AlertMail", "AlertSettings", "Attempt", "Delivery", "Event", "EventType", "Resend"]
