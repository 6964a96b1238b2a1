"""Rows for tests: each function makes one, and whatever it needs that the test does not care about."""

import json
from datetime import datetime
from itertools import count
from typing import Any

from django.utils import timezone

from deliveries.causes import Cause, cause_of_status
from deliveries.models import Alert, AlertMail, Attempt, Delivery, Event
from portal import people
from portal.models import Authenticator, Invitation, Membership, Partner, User
from webhooks.event_types import EventType
from webhooks.models import Webhook, WebhookHeader, WebhookHour

_number = count(1)

#: Long enough for the validators.
PASSWORD = "correct horse battery"


def make_partner(**fields: Any) -> Partner:
    number = next(_number)
    return Partner.objects.create(**{"name": f"Partner {number}", "slug": f"partner-{number}", **fields})


def make_user(*, password: str | None = None, **fields: Any) -> User:
    """Make a user; only with *password* can they log in by the form, which costs a hash."""
    fields.setdefault("email", f"person{next(_number)}@example.com")
    return User.objects.create_user(password=password, **fields)


def make_member(
    *, partner: Partner | None = None, user: User | None = None, role: str = Membership.Role.OWNER
) -> Membership:
    return Membership.objects.create(partner=partner or make_partner(), user=user or make_user(), role=role)


def make_invitation(
    *, partner: Partner | None = None, email: str = "", token: str = "", **fields: Any
) -> Invitation:
    """Make an invitation whose link holds *token*."""
    number = next(_number)
    fields.setdefault("expires_at", timezone.now() + Invitation.LIFETIME)
    return Invitation.objects.create(
        partner=partner or make_partner(),
        email=email or f"invited{number}@example.com",
        token_hash=people.hash_of(token or f"token-{number}"),
        **fields,
    )


def make_authenticator(user: User) -> Authenticator:
    """Let *user* use two-factor; tests.two_factor reads its codes."""
    authenticator = Authenticator.enrol(user)
    authenticator.confirmed = True
    authenticator.save()
    return authenticator


def make_webhook(
    *, partner: Partner | None = None, headers: dict[str, str] | None = None, **fields: Any
) -> Webhook:
    fields.setdefault("url", f"https://hooks{next(_number)}.northwind.com/cr3dentials")
    webhook = Webhook.objects.create(partner=partner or make_partner(), **fields)
    for name, value in (headers or {}).items():
        WebhookHeader.objects.create(webhook=webhook, name=name, value=value)
    return webhook


def make_hour(*, webhook: Webhook | None = None, hour: datetime | None = None, **counts: int) -> WebhookHour:
    """Make what came of the hour that holds *hour*, by default the current one."""
    begins = (hour or timezone.now()).replace(minute=0, second=0, microsecond=0)
    return WebhookHour.objects.create(webhook=webhook or make_webhook(), hour=begins, **counts)


def make_event(
    *, partner: Partner | None = None, event_type: EventType = EventType.COMPLETED, **fields: Any
) -> Event:
    """Make an event whose body names its type and verification."""
    verification_id = fields.setdefault("verification_id", f"ver_{next(_number)}")
    body = {"type": event_type, "status": "success", "data": {"verificationId": verification_id}}
    fields.setdefault("body", json.dumps(body, separators=(",", ":")))
    return Event.objects.create(partner=partner or make_partner(), type=event_type, **fields)


def make_delivery(
    *,
    webhook: Webhook | None = None,
    event: Event | None = None,
    status: str = Delivery.Status.PENDING,
    **fields: Any,
) -> Delivery:
    """Make a delivery whose times fit its status: pending ones are due now, finished ones finished now."""
    webhook = webhook or make_webhook()
    is_test = fields.setdefault("is_test", event is not None and event.is_test)
    if status == Delivery.Status.PENDING:
        fields.setdefault("next_attempt_at", timezone.now())
    elif status != Delivery.Status.HELD:
        fields.setdefault("finished_at", timezone.now())
    event = event or make_event(partner=webhook.partner, is_test=is_test)
    return Delivery.objects.create(
        webhook=webhook, partner_id=webhook.partner_id, event=event, status=status, **fields
    )


def make_attempt(
    *, delivery: Delivery | None = None, status_code: int | None = 200, **fields: Any
) -> Attempt:
    """Make the delivery's next attempt; its cause follows from *status_code* (None: no answer came)."""
    delivery = delivery or make_delivery()
    default_cause = Cause.TIMEOUT if status_code is None else cause_of_status(status_code)
    defaults = {
        "number": delivery.attempts.count() + 1,
        "started_at": timezone.now(),
        "duration_ms": 84,
        "url": delivery.webhook.url,
        "request_headers": {"Content-Type": "application/json", "webhook-id": delivery.public_id},
        "cause": default_cause or "",
        "detail": "" if default_cause is None else "Your server did not answer with 2xx.",
        "response": "" if status_code is None else "{}",
    }
    return Attempt.objects.create(delivery=delivery, status_code=status_code, **{**defaults, **fields})


def make_alert(*, webhook: Webhook | None = None, kind: str = Alert.Kind.DEACTIVATED, **fields: Any) -> Alert:
    """Make an alert about a webhook that answered 503; a sample is about none."""
    webhook = webhook or make_webhook()
    defaults = {"partner": webhook.partner, "status_code": 503, "cause": Cause.STATUS}
    about = None if kind == Alert.Kind.SAMPLE else webhook
    return Alert.objects.create(webhook=about, kind=kind, **{**defaults, **fields})


def make_alert_mail(
    *, alert: Alert | None = None, status: str = AlertMail.Status.PENDING, **fields: Any
) -> AlertMail:
    """Make an e-mail whose times fit its status: pending ones are due now, the others ended now."""
    is_pending = status == AlertMail.Status.PENDING
    fields.setdefault("next_attempt_at" if is_pending else "ended_at", timezone.now())
    fields.setdefault("address", f"person{next(_number)}@example.com")
    return AlertMail.objects.create(alert=alert or make_alert(), status=status, **fields)
