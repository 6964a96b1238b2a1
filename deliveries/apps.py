from django.apps import AppConfig


class DeliveriesConfig(AppConfig):
    name = "deliveries"

    def ready(self) -> None:
        from deliveries import receivers, wake  # noqa: F401, PLC0415 - receivers connect on import
        from deliveries.models import Delivery  # noqa: PLC0415 - models are there from here on
        from portal import audit  # noqa: PLC0415

        audit.show("delivery", at="deliveries:delivery", among=Delivery.objects.all)
        wake.prepare()
