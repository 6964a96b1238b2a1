"""The documentation, with the partner's own address in its examples; and the signature debugger."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from deliveries.docs.facts import EXAMPLE_URL, FACTS, HEADERS, example_headers
from deliveries.docs.forms import DebuggerForm, called
from deliveries.docs.pages import BY_NAME, PAGES, after
from deliveries.docs.template_examples import EXAMPLES
from deliveries.docs.topics import GROUPS, command_for, unsigned_request
from deliveries.events import sample_body
from deliveries.models import Delivery
from deliveries.previews import preview_of
from deliveries.rendering import rendered
from deliveries.signature_debugger import Secrets, Signed, Verdict, diagnose
from deliveries.signature_debugger.keys import MOST_OTHERS
from deliveries.signature_debugger.messages import MOST_TIMESTAMPS
from portal.access import View, editor_required, get_visible, member_required
from portal.http import PortalRequest
from webhooks.event_types import EventType
from webhooks.masking import without_query
from webhooks.models import Webhook

#: Secrets stay in the database.
WEBHOOK_FIELDS = ("public_id", "url", "payload_template")

More = Callable[[PortalRequest, dict[str, Any]], dict[str, Any]]


def nothing_more(_: PortalRequest, __: dict[str, Any]) -> dict[str, Any]:
    return {}


def page(name: str, more: More = nothing_more) -> View:
    """Return the view of a page that is only read; *more* is what it needs beside the usual."""

    @require_GET
    @member_required
    def show(request: PortalRequest) -> HttpResponse:
        context = _context(request, name)
        return render(request, f"docs/{name}.html", context | more(request, context))

    return show


def examples(request: PortalRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Return the request that a sample of the asked type makes, as the webhook's template shapes it."""
    asked = request.GET.get("type", "")
    event_type = EventType(asked) if asked in EventType.values else EventType.COMPLETED
    template = context["webhook"].payload_template if context["webhook"] else ""
    preview = preview_of(template, event_type)
    body = sample_body(event_type)
    return {
        "event_types": EventType,
        "event_type": event_type,
        "preview": preview,
        "example_headers": example_headers(
            rendered(template, body) if template and not preview.error else body
        ),
        "headers": HEADERS,
    }


def templates(_: PortalRequest, __: dict[str, Any]) -> dict[str, Any]:
    """Return the example templates, each with what it makes of a sample."""
    shown = [(each, preview_of(each.template, EventType.COMPLETED).body) for each in EXAMPLES]
    return {"examples": shown, "event_type": EventType.COMPLETED}


def topics(_: PortalRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Return the sections of troubleshooting, each with its command for the partner's own endpoint."""
    url: str = context["url"]
    return {
        "groups": [(title, [(each, command_for(each, url)) for each in group]) for title, group in GROUPS]
    }


@require_http_methods(["GET", "POST"])
@editor_required
def signature_debugger(request: PortalRequest) -> HttpResponse:
    """Say which usual mistake a signature comes from. Nothing of it is stored, or shown but the verdict."""
    context = _context(request, "signature_debugger")
    asked = request.POST if request.method == "POST" else None
    initial = {"delivery": request.GET.get("delivery", ""), "webhook": context["webhook"]}
    form = DebuggerForm(asked, partner=request.partner, initial=initial)
    verdict = _verdict(form) if form.is_valid() else None
    return render(request, "docs/signature_debugger.html", {**context, "form": form, "verdict": verdict})


def _context(request: PortalRequest, name: str) -> dict[str, Any]:
    shown = BY_NAME[name]
    webhooks = list(Webhook.objects.live().filter(partner=request.partner).only(*WEBHOOK_FIELDS))
    webhook = _chosen(request, webhooks)
    url = without_query(webhook.url) if webhook else EXAMPLE_URL
    return {
        "page": shown,
        "pages": PAGES,
        "next_page": after(shown),
        "facts": FACTS,
        "payload_days": settings.PAYLOAD_RETENTION_DAYS,
        "log_days": settings.LOG_RETENTION_DAYS,
        "webhooks": [{"public_id": each.public_id, "name": called(each)} for each in webhooks],
        "webhook": webhook,
        "url": url,
        "unsigned": unsigned_request(url),
        # Only who has chosen one goes on with it: a link without it outlives the webhook.
        "chosen": f"?webhook={webhook.public_id}" if webhook and "webhook" in request.GET else "",
    }


def _chosen(request: PortalRequest, webhooks: list[Webhook]) -> Webhook | None:
    """Return the webhook that the address names; without one, the partner's first, if there is any."""
    if public_id := request.GET.get("webhook"):
        return get_visible(request, Webhook.objects.live().only(*WEBHOOK_FIELDS), public_id=public_id)
    return webhooks[0] if webhooks else None


def _verdict(form: DebuggerForm) -> Verdict:
    signature: str = form.cleaned_data["signature"]
    if form.found is None:
        webhook: Webhook = form.cleaned_data["webhook"]
        return diagnose(signature, Signed(form.typed_body or b""), _secrets(webhook, timezone.now()))
    attempts = list(form.found.attempts.order_by("-number")[:MOST_TIMESTAMPS])
    moment = attempts[0].started_at if attempts else timezone.now()
    signed = _signed(form.found, [each.request_headers for each in attempts], form.typed_body)
    return diagnose(signature, signed, _secrets(form.found.webhook, moment))


def _signed(delivery: Delivery, headers: list[dict[str, str]], theirs: bytes | None) -> Signed:
    timestamps = [each.get("webhook-timestamp", "") for each in headers]
    return Signed(
        delivery.sent_body.encode(),
        delivery.public_id,
        tuple(sorted(int(each) for each in timestamps if each.isdecimal())),
        theirs,
    )


def _secrets(webhook: Webhook, moment: datetime) -> Secrets:
    """Return what *webhook* signed with at that moment, and what the partner may have mistaken for it."""
    others = Webhook.objects.live().filter(partner=webhook.partner_id).exclude(pk=webhook.pk).only("secret")
    ends_at = webhook.previous_secret_expires_at
    return Secrets(
        webhook.secret,
        previous=webhook.previous_secret or "",
        overlaps=ends_at is not None and ends_at > moment,
        others=tuple(each.secret for each in others.order_by("-pk")[:MOST_OTHERS]),
    )
