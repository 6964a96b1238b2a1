"""The page of alerts: who is told, what they were told, and a sample to see that it arrives."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from deliveries.alerts import addressing, samples
from deliveries.alerts.forms import AlertForm
from deliveries.alerts.models import Alert
from deliveries.alerts.told import told
from portal import audit
from portal.access import editor_required
from portal.http import PortalRequest

#: How many alerts the page shows.
RECENT = 20


@require_http_methods(["GET", "POST"])
@editor_required
def alerts(request: PortalRequest) -> HttpResponse:
    """Show and change who is told, or send a sample."""
    if "sample" in request.POST:
        return _send_sample(request)
    form = AlertForm(request.POST or None, instance=addressing.settings_of(request.partner))
    if form.is_valid():
        _save(request, form)
        return redirect("deliveries:alerts")
    recent = Alert.objects.filter(partner=request.partner).select_related("webhook").order_by("-pk")
    shown = told(recent[:RECENT])
    context = {
        "form": form,
        "members": addressing.members([request.partner.pk])[request.partner.pk],
        "told": shown,
        "is_pending": any(each.is_pending for each in shown),
    }
    template = "deliveries/_told.html" if request.htmx.target == "told" else "deliveries/alerts.html"
    return render(request, template, context)


@transaction.atomic
def _save(request: PortalRequest, form: AlertForm) -> None:
    if form.changed_fields:
        chosen = form.save()
        audit.record(
            audit.Action.CHANGED,
            chosen,
            by=request.user.email,
            partner=request.partner,
            detail=form.changed_fields,
        )
    messages.success(request, "Saved. From now on alerts go to the addresses below.")


def _send_sample(request: PortalRequest) -> HttpResponse:
    minutes = samples.SPACING.seconds // 60
    if samples.send(request.partner):
        messages.success(request, "A sample is on its way to everybody who is told.")
    else:
        text = f"A sample was sent less than {minutes} minutes ago. Look into the spam folder meanwhile."
        messages.warning(request, text)
    return redirect("deliveries:alerts")
