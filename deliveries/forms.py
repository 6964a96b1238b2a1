"""What is asked of the log, as it stands in the address."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django import forms
from django.db.models import F
from django.utils import timezone

from deliveries.events import MAX_VERIFICATION_ID_LENGTH
from deliveries.models import Delivery, DeliveryQuerySet
from webhooks.event_types import EventType

Status = Delivery.Status

STATUSES = (
    (Status.SUCCEEDED, "Delivered"),
    (Status.PENDING, "Pending or retrying"),
    (Status.FAILED, "Failed"),
    (Status.HELD, "Held"),
    (Status.CANCELED, "Canceled"),
)

NO_ANSWER = "none"
ANSWERS = (("2xx", "2xx"), ("3xx", "3xx"), ("4xx", "4xx"), ("5xx", "5xx"), (NO_ANSWER, "No answer"))


class Moment(forms.DateTimeField):
    """A date and time of the partner's, to the minute, in UTC as everything the portal shows."""

    widget = forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"})

    def __init__(self, **options: Any) -> None:
        wrong = {"invalid": "Give a date and time, such as 2026-11-23T14:30."}
        super().__init__(error_messages=wrong, **options)

    def to_python(self, value: Any) -> datetime | None:
        """Return the moment in UTC: PostgreSQL refuses zones that are further away than any is."""
        try:
            moment: datetime | None = super().to_python(value)
            return moment and moment.astimezone(UTC)
        except OverflowError:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid") from None


class LogFilter(forms.Form):
    """A choice of deliveries; without any value, all of them."""

    status = forms.ChoiceField(choices=[("", "Any"), *STATUSES], required=False)
    answer = forms.ChoiceField(choices=[("", "Any"), *ANSWERS], required=False)
    type = forms.ChoiceField(label="Event", choices=[("", "Any"), *EventType.choices], required=False)
    verification = forms.CharField(
        label="Verification id", max_length=MAX_VERIFICATION_ID_LENGTH, required=False
    )
    since = Moment(label="From (UTC)", required=False)
    until = Moment(label="Until (UTC)", required=False)

    def clean(self) -> dict[str, Any]:
        since, until = self.cleaned_data.get("since"), self.cleaned_data.get("until")
        if since and until and until < since:
            self.add_error("until", "This is before the beginning. Exchange the two.")
        return self.cleaned_data

    @property
    def is_used(self) -> bool:
        return self.is_valid() and any(self.cleaned_data.values())

    def leave_of(self, deliveries: DeliveryQuerySet) -> DeliveryQuerySet:
        """Return those of *deliveries* that match; none, when a value cannot be understood."""
        if not self.is_valid():
            return deliveries.none()
        asked = self.cleaned_data
        conditions = {path: asked[name] for name, path in PATHS.items() if asked[name]}
        if asked["type"] or asked["verification"]:
            # It is never another; but the indexes of events begin with it.
            conditions["event__partner"] = F("partner")
        return _answered(deliveries.filter(**conditions), asked["answer"])


PATHS = {
    "status": "status",
    "type": "event__type",
    "since": "created_at__gte",
    "until": "created_at__lte",
    "verification": "event__verification_id",
}


def _answered(deliveries: DeliveryQuerySet, answer: str) -> DeliveryQuerySet:
    """Return those whose last attempt was answered so; all but 2xx are found by an index of trouble."""
    if not answer:
        return deliveries
    if answer == NO_ANSWER:
        return deliveries.exclude(last_cause="").filter(last_status_code=None)
    first = int(answer[0]) * 100
    deliveries = deliveries.filter(last_status_code__range=(first, first + 99))
    return deliveries if answer == "2xx" else deliveries.exclude(last_cause="")


class SinceForm(forms.Form):
    """From when on deliveries are sent again."""

    since = Moment(
        label="Since (UTC)",
        initial=lambda: timezone.now() - timedelta(days=1),
        help_text="What happened from then on and failed, or is held. Tests are left out.",
    )


class ActivateForm(forms.Form):
    """What becomes of what was held: sent, or discarded as far as the page showed it."""

    SEND, DISCARD = "send", "discard"

    held = forms.ChoiceField(choices=[(SEND, "Send"), (DISCARD, "Discard")])
    #: When the page was shown: what is held later nobody has decided about.
    until = forms.DateTimeField()

    def clean_until(self) -> datetime:
        until: datetime = self.cleaned_data["until"]
        if not timezone.now() - timedelta(days=1) <= until <= timezone.now():
            raise forms.ValidationError("This page was open for too long. Look at what is held, then choose.")
        return until

    @property
    def discard_until(self) -> datetime | None:
        """Up to when what is held is discarded; None when it is sent."""
        is_discarded = self.is_valid() and self.cleaned_data["held"] == self.DISCARD
        return self.cleaned_data["until"] if is_discarded else None
