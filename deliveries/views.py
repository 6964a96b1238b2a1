"""What became of a partner's notifications: an overview, the log, one delivery, and tests."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import trigger_client_event

from deliveries import events, reactivating, resending, trials
from deliveries.alerts.told import told_now
from deliveries.banners import MOST_HELD, banner
from deliveries.causes import Explanation, explain
from deliveries.curl import as_curl
from deliveries.figures import figures_of
from deliveries.forms import ActivateForm, LogFilter, SinceForm
from deliveries.models import Attempt, Delivery, DeliveryQuerySet, Resend
from deliveries.paging import any_pending, page_of
from deliveries.previews import Preview, preview_of
from deliveries.reactivating import Held, held_for
from deliveries.reading import indented
from portal import audit
from portal.access import editor_required, get_visible, member_required
from portal.http import PortalRequest
from webhooks import payload_templates
from webhooks.event_types import EventType
from webhooks.figures import PERIODS, period_called
from webhooks.forms import WebhookForms
from webhooks.models import Webhook
from webhooks.payload_fields import FIELDS

RECENT = 10

#: Bodies, secrets and the like stay in the database until somebody looks at them.
WEBHOOK_FIELDS = ("public_id", "url", "deleted_at")
LOG_FIELDS = (
    "public_id",
    "status",
    "is_test",
    "attempt_count",
    "round_start",
    "lease",
    "next_attempt_at",
    "created_at",
    "last_status_code",
    "last_cause",
    "last_duration_ms",
    "event__type",
    "event__verification_id",
    *(f"webhook__{name}" for name in WEBHOOK_FIELDS),
)

# One address, a page or a part of it: caches must not take one for the other.
vary_on_htmx = vary_on_headers("HX-Request", "HX-Target")


@require_GET
@vary_on_htmx
@member_required
def webhook(request: PortalRequest, public_id: str) -> HttpResponse:
    """Show how one webhook does."""
    found = _get_webhook(request, public_id)
    recent = list(_log(request).filter(webhook=found).order_by("-created_at", "-pk")[:RECENT])
    context = {
        "webhook": found,
        "banner": banner(found, held=held_for(found).count, told=_told(found)),
        "figures": figures_of(found, period_called(request.GET.get("period", "")), now=timezone.now()),
        "periods": PERIODS,
        "recent": recent,
        "is_pending": any_pending(recent),
    }
    return _render(request, "webhook", context)


@require_GET
@vary_on_htmx
@member_required
def webhook_log(request: PortalRequest, public_id: str) -> HttpResponse:
    """Show every delivery of one webhook."""
    found = _get_webhook(request, public_id)
    shown = _found(request, _log(request).filter(webhook=found))
    return _render(request, "log", {"webhook": found, "waiting": _count_waiting(found), **shown})


@require_GET
@vary_on_htmx
@member_required
def delivery_list(request: PortalRequest) -> HttpResponse:
    """Show every delivery of the partner, those of deleted webhooks too."""
    return _render(request, "log", {"webhook": None, "waiting": 0, **_found(request, _log(request))})


@require_GET
@vary_on_htmx
@member_required
def delivery(request: PortalRequest, public_id: str) -> HttpResponse:
    """Show one delivery: its attempts, and the request and answer of one of them."""
    found = _get_delivery(request, public_id)
    attempts = list(found.attempts.all())
    attempt = _chosen(attempts, request.GET.get("attempt"))
    context = {
        "delivery": found,
        "attempts": attempts,
        "timeline": _timeline(attempts, found),
        "attempt": attempt,
        "curl": as_curl(attempt.url, attempt.request_headers, found.sent_body) if attempt else "",
        "body": "" if found.event.is_purged else indented(found.sent_body),
    }
    # Asked for by a test's result, which is shown on the webhook's own pages.
    is_test_result = request.htmx.target == "test-result"
    return _render(request, "delivery", context, fragment="_test_result" if is_test_result else None)


@require_POST
@editor_required
def test(request: PortalRequest, public_id: str) -> HttpResponse:
    """Send a sample verification to a webhook, active or not."""
    event_type, found = _event_type(request.POST.get("event_type")), _get_webhook(request, public_id)
    with transaction.atomic():
        sent = events.record_test(webhook=found, event_type=event_type)
        by, action = request.user.email, audit.Action.TESTED
        audit.record(action, found, by=by, partner=request.partner, detail=event_type)
    if not request.htmx:
        return redirect("deliveries:delivery", sent.public_id)
    response = render(request, "deliveries/_test_result.html", {"delivery": sent, "attempt": None})
    return trigger_client_event(response, "tested")


@require_http_methods(["GET", "POST"])
@editor_required
def activate(request: PortalRequest, public_id: str) -> HttpResponse:
    """Activate a webhook; after failures, or while something is held, offer a test and a choice first."""
    found = _get_webhook(request, public_id)
    if found.is_active:
        return redirect("deliveries:webhook", public_id)
    form, held = ActivateForm(request.POST if "held" in request.POST else None), held_for(found)
    is_plain = held.count == 0 and found.deactivated_at is None
    if form.is_valid() or (request.method == "POST" and is_plain):
        return _activate(request, found, held, discard_until=form.discard_until)
    if request.method == "POST":
        if form.is_bound:
            messages.warning(request, "More may be held by now. Look at what it is, then choose again.")
        return redirect("deliveries:activate", public_id)
    context = {"webhook": found, "held": held, "now": timezone.now(), "explanation": _why_inactive(found)}
    return render(request, "deliveries/activate.html", context)


@require_POST
@editor_required
def trial(request: PortalRequest, public_id: str | None = None) -> HttpResponse:
    """Send a sample as the form says, without storing anything of it."""
    webhook = _get_webhook(request, public_id) if public_id else Webhook(partner=request.partner)
    forms = WebhookForms(webhook, request.POST)
    context: dict[str, Any] = {"forms": forms, "trial": None, "is_busy": False}
    if forms.are_valid():
        try:
            event_type = _event_type(request.POST.get("preview_event_type"))
            context["trial"] = trials.try_out(
                forms.webhook.typed(), dict(forms.headers.typed()), event_type=event_type
            )
        except trials.BusyError:
            context["is_busy"] = True
    return _render(request, "trial", context)


@require_GET
@member_required
def catalogue(request: PortalRequest) -> HttpResponse:
    """Show what each type of event means and holds."""
    event_type = _event_type(request.GET.get("type"))
    return render(request, "deliveries/catalogue.html", _catalogue(event_type, preview_of("", event_type)))


@require_GET
@member_required
def payload(request: PortalRequest, public_id: str) -> HttpResponse:
    """Show what one webhook is sent of each type of event."""
    found, event_type = _get_webhook(request, public_id), _event_type(request.GET.get("type"))
    context = _catalogue(event_type, preview_of(found.payload_template, event_type))
    return render(request, "deliveries/payload.html", {"webhook": found, **context})


@require_POST
@editor_required
def preview(request: PortalRequest) -> HttpResponse:
    """Show what a template that is being typed makes of a sample; nothing is stored."""
    event_type = _event_type(request.POST.get("preview_event_type"))
    template = payload_templates.to_store(request.POST.get("payload_template", ""))
    context = {"event_type": event_type, "preview": preview_of(template, event_type)}
    return _render(request, "preview", context)


def _catalogue(event_type: EventType, shown: Preview) -> dict[str, Any]:
    return {"event_types": EventType, "event_type": event_type, "preview": shown, "fields": FIELDS}


def _event_type(name: str | None) -> EventType:
    return EventType(name) if name in EventType.values else EventType.COMPLETED


@require_POST
@editor_required
def resend(request: PortalRequest, public_id: str) -> HttpResponse:
    """Send one delivery again, whatever became of it, unless it is on its way."""
    found = _get_delivery(request, public_id)
    if resending.resend(found, by=request.user.email):
        messages.success(request, "It is being sent again, with the same webhook-id and body.")
    elif found.webhook.deleted_at is not None:
        messages.error(request, "Its webhook was deleted, so there is nowhere to send it.")
    elif found.event.is_purged:
        messages.error(request, "Its payload has been purged, so there is nothing left to send.")
    else:
        messages.error(request, "It is on its way already. It can be sent again once that has ended.")
    return redirect("deliveries:delivery", public_id)


@require_http_methods(["GET", "POST"])
@editor_required
def resend_lost(request: PortalRequest, public_id: str) -> HttpResponse:
    """Count what failed or was held since a moment, and send all of that again."""
    found = _get_webhook(request, public_id)
    asked = request.POST if request.method == "POST" else request.GET
    form = SinceForm(asked if "since" in asked else None)
    if form.is_valid() and request.method == "POST" and found.is_active:
        sent = resending.resend_lost(found, since=form.cleaned_data["since"], by=request.user.email)
        noun = "delivery is" if sent == 1 else "deliveries are"
        messages.success(request, f"{sent:,} {noun} being sent again.")
        return redirect("deliveries:log", public_id)
    lost = resending.lost(found, since=form.cleaned_data["since"]) if form.is_valid() else None
    counted = lost[: resending.MOST + 1].count() if lost is not None else None
    context = {"webhook": found, "form": form, "counted": counted, "most": resending.MOST}
    return render(request, "deliveries/resend.html", context)


def _why_inactive(webhook: Webhook) -> Explanation | None:
    """Explain the failure that deactivated *webhook*; None if a person did it."""
    if webhook.deactivated_at is None or not webhook.last_failed_cause:
        return None
    return explain(webhook.last_failed_cause, webhook.last_failed_code)


def _activate(
    request: PortalRequest, webhook: Webhook, held: Held, *, discard_until: datetime | None
) -> HttpResponse:
    by, discarded = request.user.email, 0
    if discard_until is not None:
        discarded = reactivating.discard(webhook, until=discard_until, by=by)
    if reactivating.activate(webhook, by=by):
        messages.success(request, _activated(webhook, held, discarded))
    return redirect("deliveries:webhook", webhook.public_id)


def _activated(webhook: Webhook, held: Held, discarded: int) -> str:
    if discarded:
        noun = "notification is" if discarded == 1 else "notifications are"
        return f"{webhook.host} is active. {discarded:,} held {noun} discarded, and stay in the log."
    then = "What was held for it is being sent now." if held.count else "New results are sent to it."
    return f"{webhook.host} is active. {then}"


def _render(
    request: PortalRequest, page: str, context: dict[str, Any], *, fragment: str | None = None
) -> HttpResponse:
    """Show the page, or only the part of it that changes to whoever has the rest."""
    wants_part = request.htmx and not request.htmx.history_restore_request
    return render(request, f"deliveries/{(fragment or f'_{page}') if wants_part else page}.html", context)


def _get_webhook(request: PortalRequest, public_id: str) -> Webhook:
    live = Webhook.objects.live().defer("secret", "previous_secret", "payload_template")
    return get_visible(request, live, public_id=public_id)


def _get_delivery(request: PortalRequest, public_id: str) -> Delivery:
    deliveries = Delivery.objects.select_related("event", "webhook")
    deliveries = deliveries.defer("webhook__secret", "webhook__previous_secret", "webhook__payload_template")
    return get_visible(request, deliveries, public_id=public_id)


def _found(request: PortalRequest, log: DeliveryQuerySet) -> dict[str, Any]:
    """Return the filter that the address names and what it leaves of *log*: nothing, when it is wrong."""
    wanted = LogFilter(request.GET)
    return {"filter": wanted, "page": page_of(request, wanted.leave_of(log))}


def _timeline(attempts: list[Attempt], delivery: Delivery) -> list[Attempt | Resend]:
    """Return the attempts, and before the first of each further round who asked for it."""
    resends = delivery.resends.all() if delivery.resent_count else []
    steps: list[tuple[int, int, Attempt | Resend]] = [(each.number, 0, each) for each in attempts]
    steps += [(each.after_attempt, each.pk, each) for each in resends]
    return [step for *_, step in sorted(steps, key=lambda step: step[:2])]


def _log(request: PortalRequest) -> DeliveryQuerySet:
    log = Delivery.objects.filter(partner=request.partner)
    return log.select_related("event", "webhook").only(*LOG_FIELDS)


def _told(webhook: Webhook) -> str:
    told = told_now([webhook]).get(webhook.pk)
    return told.words if told else ""


def _count_waiting(webhook: Webhook) -> int:
    """Count what the webhook is still to be sent, up to one more than anybody needs to know."""
    return webhook.deliveries.filter(status=Delivery.Status.PENDING)[: MOST_HELD + 1].count()


def _chosen(attempts: list[Attempt], number: str | None) -> Attempt | None:
    """Return the attempt with that number; without one, the latest, if there is any yet."""
    if number is None:
        return attempts[-1] if attempts else None
    for attempt in attempts:
        if str(attempt.number) == number:
            return attempt
    raise Http404("There is no such attempt.")
