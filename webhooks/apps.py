from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    name = "webhooks"

    def ready(self) -> None:
        from portal import audit  # noqa: PLC0415 - models are there from here on
        from webhooks.models import Webhook  # noqa: PLC0415

        audit.show("webhook", at="deliveries:webhook", among=Webhook.objects.live)
