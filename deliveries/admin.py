"""Administration of what happened: looked at across partners, never changed, contents masked."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from deliveries.causes import Cause
from deliveries.models import Alert, AlertMail, Attempt, Delivery, Event
from portal.admin import History, ReadOnly
from webhooks.masking import MASK, without_query


class CauseFilter(admin.SimpleListFilter):
    """The causes there are; Django would ask the whole table which occur in it."""

    title = "cause"
    parameter_name = "cause"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(cause.value, cause.value.replace("_", " ")) for cause in Cause]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Attempt]) -> QuerySet[Attempt]:
        return queryset.filter(cause=self.value()) if self.value() else queryset


@admin.register(Event)
class EventAdmin(History):
    list_display = ("public_id", "type", "partner", "verification_id", "is_test", "created_at")
    list_filter = ("type", "is_test")
    list_select_related = ("partner",)
    searches: ClassVar = {"evt": "public_id", "": "verification_id"}
    search_help_text = "Id (evt_…) or the whole verification id"
    fields = readonly_fields = (
        "public_id",
        "partner",
        "type",
        "verification_id",
        "masked_body",
        "is_test",
        "created_at",
    )

    @admin.display(description="payload")
    def masked_body(self, event: Event) -> str:
        return MASK

    def get_queryset(self, request: HttpRequest) -> QuerySet[Event]:
        return super().get_queryset(request).defer("body")


class AttemptFields:
    """What an attempt shows, in its own list and beside its delivery."""

    @admin.display(description="URL")
    def masked_url(self, attempt: Attempt) -> str:
        return without_query(attempt.url)

    @admin.display(description="response")
    def masked_response(self, attempt: Attempt) -> str:
        return MASK if attempt.status_code else "none"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Attempt]:
        attempts: QuerySet[Attempt] = super().get_queryset(request)  # type: ignore[misc]
        return attempts.defer("response", "request_headers", "delivery__body")


class Attempts(AttemptFields, ReadOnly, admin.TabularInline):
    model = Attempt
    fields = readonly_fields = (
        "number",
        "started_at",
        "duration_ms",
        "masked_url",
        "status_code",
        "cause",
        "detail",
        "masked_response",
    )


@admin.register(Delivery)
class DeliveryAdmin(History):
    list_display = (
        "public_id",
        "partner",
        "webhook",
        "event",
        "status",
        "attempt_count",
        "last_status_code",
        "last_cause",
        "is_test",
        "created_at",
    )
    list_filter = ("status", "is_test")
    list_select_related = ("event", "webhook", "partner")
    searches: ClassVar = {
        "msg": "public_id",
        "evt": "event__public_id",
        "wh": "webhook__public_id",
        "": "event__verification_id",
    }
    search_help_text = "Id (msg_…), id of its event (evt_…) or webhook (wh_…), or the whole verification id"
    fields = readonly_fields = (
        "public_id",
        "partner",
        "webhook",
        "event",
        "status",
        "attempt_count",
        "resent_count",
        "next_attempt_at",
        "last_status_code",
        "last_cause",
        "last_duration_ms",
        "is_test",
        "created_at",
        "finished_at",
    )
    inlines = (Attempts,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        deliveries = super().get_queryset(request)
        return deliveries.defer("body", "event__body", "webhook__secret", "webhook__previous_secret")


@admin.register(Attempt)
class AttemptAdmin(AttemptFields, History):
    list_display = ("delivery", "number", "started_at", "duration_ms", "host", "status_code", "cause")
    list_filter = (CauseFilter,)
    list_select_related = ("delivery",)
    searches: ClassVar = {"msg": "delivery__public_id"}
    search_help_text = "Id of its delivery (msg_…)"
    fields = readonly_fields = ("delivery", *Attempts.fields)

    @admin.display
    def host(self, attempt: Attempt) -> str:
        return without_query(attempt.url).partition("://")[2].partition("/")[0]


class AlertMails(ReadOnly, admin.TabularInline):
    model = AlertMail
    fields = readonly_fields = (
        "address",
        "status",
        "attempt_count",
        "next_attempt_at",
        "ended_at",
        "problem",
    )


@admin.register(Alert)
class AlertAdmin(History):
    """Who was told of what, for whoever is asked why nobody was."""

    list_display = ("public_id", "kind", "partner", "webhook", "created_at", "addressed_at")
    list_filter = ("kind",)
    list_select_related = ("partner", "webhook")
    searches: ClassVar = {"alr": "public_id", "wh": "webhook__public_id", "": "partner__slug"}
    search_help_text = "Id (alr_…), id of its webhook (wh_…), or the partner's slug"
    fields = readonly_fields = (
        "public_id",
        "kind",
        "partner",
        "webhook",
        "status_code",
        "cause",
        "created_at",
        "addressed_at",
    )
    inlines = (AlertMails,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Alert]:
        alerts: QuerySet[Alert] = super().get_queryset(request)
        return alerts.defer("webhook__secret", "webhook__previous_secret")
