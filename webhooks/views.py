"""A partner's webhooks: the list, and all that changes one."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal import audit
from portal.access import editor_required, get_visible, member_required
from portal.audit import Action
from portal.http import PortalRequest
from webhooks.figures import MONTH, Rate
from webhooks.forms import DRAFTS, DeleteForm, WebhookForms
from webhooks.models import Webhook, WebhookHour
from webhooks.roll_form import RollForm
from webhooks.secret_keys import standard_secret

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
    """Show the signing secret, in clear to whoever asks for it by POST."""
    webhook, is_revealed = _get(request, public_id), request.method == "POST"
    if is_revealed:
        _record(request, Action.SECRET_REVEALED, webhook)
    context = {
        "webhook": webhook,
        "is_revealed": is_revealed,
        "is_overlapping": webhook.is_overlapping(timezone.now()),
        "standard_secret": standard_secret(webhook.secret) if is_revealed else "",
    }
    part = "_verify" if request.htmx.target == "verify" else "_secret"
    return render(request, f"webhooks/{part if request.htmx else 'secret'}.html", context)


@require_http_methods(["GET", "POST"])
@editor_required
def roll_secret(request: PortalRequest, public_id: str) -> HttpResponse:
    """Make a new secret the one that signs, beside the old one for a while or instead of it."""
    with transaction.atomic():
        webhook, now = _get_to_change(request, public_id), timezone.now()
        form = RollForm(_posted(request), webhook=webhook, now=now)
        if form.is_valid():
            form.save()
            _record(request, Action.SECRET_ROLLED, webhook, form.chosen.words)
    if form.is_valid():
        messages.success(request, "The secret is rolled. Reveal the new one, and give it to your endpoint.")
        return redirect("webhooks:secret", public_id)
    context = {"webhook": webhook, "form": form, "is_overlapping": webhook.is_overlapping(now)}
    return render(request, "webhooks/roll_secret.html", context)


@require_POST
@editor_required
def end_overlap(request: PortalRequest, public_id: str) -> HttpResponse:
    """Let the old secret stop signing before its time."""
    with transaction.atomic():
        webhook = _get_to_change(request, public_id)
        if has_ended := webhook.is_overlapping(timezone.now()):
            webhook.signing_secrets = webhook.signing_secrets.overlap_ended()
            webhook.save_secrets()
            _record(request, Action.OVERLAP_ENDED, webhook)
    if has_ended:
        messages.success(request, "The overlap has ended. Only the new secret signs from now on.")
    return redirect("webhooks:secret", public_id)


@require_POST
@editor_required
def deactivate(request: PortalRequest, public_id: str) -> HttpResponse:
    webhook = _get(request, public_id)
    if webhook.is_active:
        with transaction.atomic():
            webhook.deactivate()
            _record(request, Action.DEACTIVATED, webhook)
        messages.success(request, f"{webhook.host} is inactive. Its results are held from now on.")
    return redirect("deliveries:webhook", public_id)


@require_http_methods(["GET", "POST"])
@editor_required
def delete(request: PortalRequest, public_id: str) -> HttpResponse:
    webhook = _get(request, public_id)
    form = DeleteForm(_posted(request), webhook=webhook)
    if form.is_valid():
        with transaction.atomic():
            webhook.delete_softly()
            _record(request, Action.DELETED, webhook)
        messages.success(request, f"{webhook.host} is deleted. Its deliveries stay in the log.")
        return redirect("webhooks:list")
    return render(request, "webhooks/delete.html", {"webhook": webhook, "form": form})


def _edit(request: PortalRequest, webhook: Webhook, template: str) -> HttpResponse:
    """Show the form; save it; or show it as one of its smaller buttons changes it."""
    is_new, draft = webhook.pk is None, next((name for name in DRAFTS if name in request.POST), "")
    forms = WebhookForms(webhook, _posted(request), draft=draft)
    if forms.are_submitted and forms.are_valid():
        saved = _save(request, forms)
        messages.success(request, _saved(saved, is_new=is_new))
        page = "deliveries:activate" if forms.webhook.wants_activation else "deliveries:webhook"
        return redirect(page, saved.public_id)
    template = PARTS[draft] if draft and request.htmx else template
    return render(request, template, {"webhook": webhook, "forms": forms})


@transaction.atomic
def _save(request: PortalRequest, forms: WebhookForms) -> Webhook:
    webhook = forms.save()
    for action, detail in forms.done():
        _record(request, action, webhook, detail)
    return webhook


def _record(request: PortalRequest, action: Action, webhook: Webhook, detail: str = "") -> None:
    audit.record(action, webhook, by=request.user.email, partner=request.partner, detail=detail)


def _posted(request: PortalRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def _saved(webhook: Webhook, *, is_new: bool) -> str:
    return f"{webhook.host} is created. Test it now." if is_new else f"{webhook.host} is saved."


def _get(request: PortalRequest, public_id: str) -> Webhook:
    return get_visible(request, Webhook.objects.live(), public_id=public_id)


def _get_to_change(request: PortalRequest, public_id: str) -> Webhook:
    """Return it locked, so that two who change its secrets at once do so one after the other."""
    return get_visible(request, Webhook.objects.live().select_for_update(no_key=True), public_id=public_id)
