"""Administration of webhooks across partners: switched on and off, deleted, never read out."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from portal.admin import Audited, ReadOnly
from webhooks.masking import MASK, without_query
from webhooks.models import Webhook, WebhookHeader


class Headers(ReadOnly, admin.TabularInline):
    model = WebhookHeader
    fields = readonly_fields = ("name", "masked_value")

    @admin.display(description="value")
    def masked_value(self, header: WebhookHeader) -> str:
        return MASK

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookHeader]:
        return super().get_queryset(request).defer("value")


class SwitchForm(forms.ModelForm):
    """
    The one thing an administrator changes.

    It carries what it showed: a webhook that failed and was deactivated while the page stood open is
    not activated again by saving something else.
    """

    is_active = forms.BooleanField(
        label="Active",
        required=False,
        show_hidden_initial=True,
        help_text="While a webhook is inactive, its results are held and sent once it is active again.",
    )


class DeletedFilter(admin.SimpleListFilter):
    title = "deleted"
    parameter_name = "deleted"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Deleted"), ("no", "Not deleted")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Webhook]) -> QuerySet[Webhook]:
        return queryset.filter(deleted_at__isnull=self.value() == "no") if self.value() else queryset


@admin.register(Webhook)
class WebhookAdmin(Audited):
    """Every partner's webhooks. What they hold is the partner's own to write."""

    form = SwitchForm
    list_display = ("host", "partner", "is_active", "health", "last_attempt_at", "created_at", "deleted_at")
    list_display_links = ("host",)
    list_filter = ("is_active", DeletedFilter)
    list_select_related = ("partner",)
    search_fields = ("public_id__exact", "partner__name", "partner__slug", "url")
    search_help_text = "Id (wh_…), partner, or a part of the URL"
    date_hierarchy = "created_at"
    ordering = ("-pk",)
    show_full_result_count = False
    readonly_fields = (
        "public_id",
        "partner",
        "masked_url",
        "masked_secret",
        "previous_secret_expires_at",
        "event_types",
        "payload_template",
        "health",
        "success_rate",
        "succeeded_count",
        "failed_count",
        "last_attempt_at",
        "last_status_code",
        "last_cause",
        "last_duration_ms",
        "deactivated_at",
        "deactivation_reason",
        "created_at",
        "updated_at",
        "deleted_at",
    )
    fields = (readonly_fields[:3], "is_active", *readonly_fields[3:])
    inlines = (Headers,)

    @admin.display(description="URL")
    def masked_url(self, webhook: Webhook) -> str:
        return without_query(webhook.url)

    @admin.display(description="secret")
    def masked_secret(self, webhook: Webhook) -> str:
        return MASK

    def get_queryset(self, request: HttpRequest) -> QuerySet[Webhook]:
        return super().get_queryset(request).defer("secret", "previous_secret")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Webhook | None = None) -> bool:
        return super().has_change_permission(request, obj) and _is_live(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Webhook | None = None) -> bool:
        return super().has_delete_permission(request, obj) and _is_live(obj)

    def save_model(self, request: HttpRequest, obj: Webhook, form: Any, change: bool) -> None:  # noqa: FBT001
        if "is_active" in form.changed_data:
            obj.activate() if form.cleaned_data["is_active"] else obj.deactivate()

    def delete_model(self, request: HttpRequest, obj: Webhook) -> None:
        obj.delete_softly()

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Webhook]) -> None:
        for webhook in queryset.filter(deleted_at=None):
            webhook.delete_softly()

    def get_deleted_objects(self, objs: Iterable[Webhook], request: HttpRequest) -> Any:
        # Nothing else goes: the deliveries that Django would name here stay in the log.
        webhooks = list(objs)
        return [str(each) for each in webhooks], {"webhooks": len(webhooks)}, set(), []


def _is_live(webhook: Webhook | None) -> bool:
    return webhook is None or webhook.deleted_at is None
