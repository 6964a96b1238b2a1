"""What people are told about a webhook, to which addresses, and what became of each e-mail."""

from datetime import datetime
from functools import partial
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from portal.ids import new_id
from portal.models import Partner
from webhooks.models import Webhook


class AlertSettings(models.Model):
    """Whom a partner wants to be told, and of what. A partner without a row has the defaults."""

    partner = models.OneToOneField(
        Partner, on_delete=models.CASCADE, primary_key=True, related_name="alert_settings"
    )
    #: None means every owner and developer, whoever that is when there is something to tell.
    addresses = models.JSONField(default=list, blank=True)
    tells_trouble = models.BooleanField("tell about first trouble", default=True)

    class Meta:
        verbose_name_plural = "alert settings"

    def __str__(self) -> str:
        return "Alerts"


class Alert(models.Model):
    """
    One thing that people are told. Written in the transaction that changed the webhook, under its lock.

    So there is one row a change, however many deliveries fail and workers record it.
    """

    class Kind(models.TextChoices):
        #: The webhook has begun to fail.
        TROUBLE = "trouble", "first trouble"
        #: Failures made the webhook inactive.
        DEACTIVATED = "deactivated", "deactivated"
        #: Somebody wanted to see whether alerts arrive.
        SAMPLE = "sample", "sample"

    public_id = models.CharField(max_length=40, unique=True, editable=False, default=partial(new_id, "alr"))
    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="alerts", db_index=False)
    webhook = models.ForeignKey(
        Webhook, on_delete=models.PROTECT, null=True, related_name="alerts", db_index=False
    )
    kind = models.CharField(max_length=20, choices=Kind.choices)
    #: The latest failed attempt when it was written: its cause as deliveries.causes names it.
    status_code = models.PositiveSmallIntegerField(null=True)
    cause = models.CharField(max_length=20, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    #: When its e-mails were written; until then nobody has looked whom to tell.
    addressed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = (
            # addressing: what is new.
            models.Index(fields=("id",), condition=Q(addressed_at=None), name="alert_unaddressed"),
            # The page of alerts, the newest first; and whether a sample was sent just now.
            models.Index(fields=("partner", "-id"), name="alert_of_partner"),
            # The banner of a webhook.
            models.Index(fields=("webhook", "-id"), name="alert_of_webhook"),
            # forgetting.
            models.Index(fields=("created_at",), name="alert_age"),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(kind="sample", webhook=None) | (~Q(kind="sample") & Q(webhook__isnull=False)),
                name="alert_is_about_a_webhook",
            ),
        )

    def __str__(self) -> str:
        return self.public_id


class AlertMailQuerySet(models.QuerySet["AlertMail"]):
    def due(self, now: datetime) -> Self:
        """Return what may be claimed: its time has come, or its lease has run out."""
        return self.filter(status=AlertMail.Status.PENDING, next_attempt_at__lte=now)


class AlertMail(models.Model):
    """One e-mail of an alert, to one address: nobody sees who else is told."""

    class Status(models.TextChoices):
        #: Waiting to be sent, or being sent right now.
        PENDING = "pending"
        #: The mail server took it.
        SENT = "sent"
        #: The address was refused, or no server took it within a day.
        FAILED = "failed"
        #: What it would have said was overtaken before it could leave.
        WITHDRAWN = "withdrawn"

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="mails", db_index=False)
    address = models.EmailField(max_length=254)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PENDING)
    attempt_count = models.PositiveSmallIntegerField("attempts", default=0)
    #: While leased: when the lease runs out. Else: when the next attempt is due.
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    #: Names the claim that is sending it now; only that claim may write what came of it.
    lease = models.UUIDField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    #: Why the last attempt failed, in our words: a mail server's own may hold anything.
    problem = models.CharField(max_length=200, blank=True)

    objects = AlertMailQuerySet.as_manager()

    class Meta:
        indexes = (
            # mailing: what is due, oldest first.
            models.Index(fields=("next_attempt_at",), condition=Q(status="pending"), name="alert_mail_due"),
        )
        constraints = (
            models.UniqueConstraint(fields=("alert", "address"), name="alert_mail_unique"),
            models.CheckConstraint(
                condition=Q(status="pending", next_attempt_at__isnull=False, ended_at=None)
                | (~Q(status="pending") & Q(next_attempt_at=None, lease=None, ended_at__isnull=False)),
                name="alert_mail_only_pending_is_due",
            ),
        )

    def __str__(self) -> str:
        return f"{self.alert_id} to {self.address}"
