"""A partner's webhooks: the list, and all that changes one."""

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal.access import editor_required, get_visible, member_required
from portal.http import PortalRequest
from webhooks.figures import MONTH, Rate
from webhooks.forms import DeleteForm, WebhookForms
from webhooks.models import Webhook, WebhookHour


@require_GET
@member_required
def webhook_list(request: PortalRequest) -> HttpResponse:
    """Show every webhook of the partner, with those that were deactivated called out on top."""
    webhooks = list(_live().filter(partner=request.partner))
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
    response = render(request, template, context)
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@editor_required
def activate(request: PortalRequest, public_id: str) -> HttpResponse:
    webhook = _get(request, public_id)
    if not webhook.is_active:
        webhook.activate()
        messages.success(request, f"{webhook.host} is active. What was held for it is being sent now.")
    return redirect("deliveries:webhook", public_id)


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
    """Show the form; save it; or, asked for another header, show it with one more row."""
    is_new, add_row = webhook.pk is None, "add_header" in request.POST
    forms = WebhookForms(webhook, _posted(request), add_row=add_row)
    if forms.are_submitted and forms.are_valid():
        messages.success(request, _saved(forms.save(), is_new=is_new))
        return redirect("deliveries:webhook", webhook.public_id)
    template = "webhooks/_headers.html" if add_row and request.htmx else template
    return render(request, template, {"webhook": webhook, "forms": forms})


def _posted(request: PortalRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def _saved(webhook: Webhook, *, is_new: bool) -> str:
    return f"{webhook.host} is created. Test it now." if is_new else f"{webhook.host} is saved."


def _live() -> QuerySet[Webhook]:
    return Webhook.objects.live().defer("payload_template")


def _get(request: PortalRequest, public_id: str) -> Webhook:
    return get_visible(request, _live(), public_id=public_id)
