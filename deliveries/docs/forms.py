"""What the signature debugger is asked."""

from typing import Any

from django import forms

from deliveries.models import Delivery
from deliveries.signature_debugger import MAX_PASTED
from portal.models import Partner
from webhooks.masking import without_query
from webhooks.models import Webhook
from webhooks.payload_fields import MAX_BODY_BYTES


def called(webhook: Webhook) -> str:
    """Return what tells *webhook* apart from the partner's others, without its query."""
    return without_query(webhook.url).partition("://")[2]


class WebhookChoice(forms.ModelChoiceField):  # type: ignore[type-arg] # Django has no [] at run time
    def label_from_instance(self, obj: Any) -> str:
        return called(obj)


class DebuggerForm(forms.Form):
    """A signature that a server computed, and what for: a delivery of the partner's, or a body."""

    signature = forms.CharField(
        label="What your server computed",
        max_length=MAX_PASTED,
        help_text="Hex, base64 or the whole “v1,…”. Yours, not the one from our header.",
        error_messages={"required": "Paste the signature that your server computed: log it there first."},
        widget=forms.TextInput(attrs={"class": "mono", "autocomplete": "off", "spellcheck": "false"}),
    )
    delivery = forms.CharField(
        label="Delivery",
        required=False,
        max_length=40,
        help_text="The webhook-id of the request, such as msg_…; it stands on the delivery's page.",
        widget=forms.TextInput(attrs={"class": "mono", "autocomplete": "off", "spellcheck": "false"}),
    )
    body = forms.CharField(
        label="Body as your server has it (optional with a delivery)",
        required=False,
        strip=False,
        max_length=MAX_BODY_BYTES,
        help_text="With it we can tell whether the body changed on its way into your code.",
        widget=forms.Textarea(attrs={"class": "mono", "rows": 5, "spellcheck": "false"}),
    )
    webhook = WebhookChoice(
        label="Webhook (without a delivery)",
        queryset=Webhook.objects.none(),
        required=False,
        to_field_name="public_id",
        empty_label="that of the delivery",
        error_messages={"invalid_choice": "You have no such webhook. Choose one of the list."},
    )

    def __init__(self, *args: Any, partner: Partner, **options: Any) -> None:
        super().__init__(*args, **options)
        self._partner = partner
        self.found: Delivery | None = None
        # The list needs no secrets; that of the chosen one is read when it is.
        webhooks = Webhook.objects.live().filter(partner=partner).only("public_id", "url")
        self.fields["webhook"].queryset = webhooks  # type: ignore[attr-defined]

    @property
    def typed_body(self) -> bytes | None:
        """The body that was pasted, without the line ends that browsers and editors make."""
        typed: str = self.cleaned_data["body"].replace("\r\n", "\n").rstrip("\n")
        return typed.encode("utf-8", "replace") if typed else None

    def clean_delivery(self) -> str:
        public_id: str = self.cleaned_data["delivery"]
        if public_id:
            deliveries = Delivery.objects.filter(partner=self._partner).select_related("event", "webhook")
            self.found = deliveries.filter(public_id=public_id).first()
            self._check(self.found)
        return public_id

    def _check(self, delivery: Delivery | None) -> None:
        if delivery is None:
            raise forms.ValidationError(
                "None of your deliveries has this id. Copy it from the delivery's page, or from webhook-id."
            )
        if delivery.webhook.deleted_at is not None:
            raise forms.ValidationError(
                "Its webhook was deleted, and the secret with it. Take a delivery of another webhook."
            )
        if delivery.event.is_purged:
            raise forms.ValidationError(
                "Its payload has been purged. Empty this field, choose the webhook and paste the body."
            )

    def clean(self) -> dict[str, Any]:
        asked = self.cleaned_data
        if not asked.get("delivery", "-") and not asked.get("body"):
            self.add_error("delivery", "Give the id of a delivery, or paste a body below.")
        elif not asked.get("delivery", "-") and not asked.get("webhook", "-"):
            self.add_error("webhook", "Choose the webhook whose secret your server used.")
        return asked
