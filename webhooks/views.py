"""A partner's webhooks: the list, and all that changes one."""

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal.access import editor_required, get_visible, member_required
from portal.http import PortalRequest
from webhooks.figures import MONTH, Rate
from webhooks.forms import DRAFTS, DeleteForm, WebhookForms
from webhooks.models import Webhook, WebhookHour

#: The part of the form that each of its smaller buttons changes.
PARTS = {"add_header": "webhooks/_headers.html", "reset_template": "webhooks/_payload_template.html"}


@require_GET
@member_required
def webhook_list(request: PortalRequest) -> HttpResponse:
    """Show every webhook of the partner, with those that were deactivated called out on top."""
    webhooks = list(Webhook.objects.live().filter(partner=request.partner).defer("payload_template"))
    rates = WebhookHour.objects.filter(
        webhook__partner=request.partner, hour__gte=MONTH.since(timezone.now())
    ).rates()
    context = {
        "rows": [(webhook, rates.get(webhook.pk, Rate())) for webhook in webhooks],
        "deactivated": [webhook for webhook in webhooks if webhook.deactivated_at],
    }
    return render(request, "webhooks/list.html", context)


@require_http_methods(["GET", "POST"])
@editor_required
def create(request: PortalRequest) -> HttpResponse:
    return _edit(request, Webhook(partner=request.partner), "webhooks/create.html")


@require_http_methods(["GET", "POST"])
@editor_required
def edit(request: PortalRequest, public_id: str) -> HttpResponse:
    return _edit(request, _get(request, public_id), "webhooks/edit.html")


@require_http_methods(["GET", "POST"])
@editor_required
def secret(request: PortalRequest, public_id: str) -> HttpResponse:
    """Show the signing secret: masked, and in clear to whoever asks for it by POST."""
    template = "webhooks/_secret.html" if request.htmx else "webhooks/secret.html"
    context = {"webhook": _get(request, public_id), "is_revealed": request.method == "POST"}
    return render(request, template, context)


@require_POST
@editor_required
def deactivate(request: PortalRequest, public_id: str) -> HttpResponse:
    webhook = _get(request, public_id)
    if webhook.is_active:
        webhook.deactivate()
        messages.success(request, f"{webhook.host} is inactive. Its results are held from now on.")
    return redirect("deliveries:webhook", public_id)


@require_http_methods(["GET", "POST"])
@editor_required
def delete(request: PortalRequest, public_id: str) -> HttpResponse:
    webhook = _get(request, public_id)
    form = DeleteForm(_posted(request), webhook=webhook)
    if form.is_valid():
        webhook.delete_softly()
        messages.success(request, f"{webhook.host} is deleted. Its deliveries stay in the log.")
        return redirect("webhooks:list")
    return render(request, "webhooks/delete.html", {"webhook": webhook, "form": form})


def _edit(request: PortalRequest, webhook: Webhook, template: str) -> HttpResponse:
    """Show the form; save it; or show it as one of its smaller buttons changes it."""
    is_new, draft = webhook.pk is None, next((name for name in DRAFTS if name in request.POST), "")
    forms = WebhookForms(webhook, _posted(request), draft=draft)
    if forms.are_submitted and forms.are_valid():
        messages.success(request, _saved(forms.save(), is_new=is_new))
        return redirect("deliveries:webhook", webhook.public_id)
    template = PARTS[draft] if draft and request.htmx else template
    return render(request, template, {"webhook": webhook, "forms": forms})


def _posted(request: PortalRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def _saved(webhook: Webhook, *, is_new: bool) -> str:
    return f"{webhook.host} is created. Test it now." if is_new else f"{webhook.host} is saved."


def _get(request: PortalRequest, public_id: str) -> Webhook:
    return get_visible(request, Webhook.objects.live(), public_id=public_id)
