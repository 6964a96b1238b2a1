from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "portal"
    verbose_name = "Partners and people"

    def ready(self) -> None:
        from portal import checks  # noqa: F401, PLC0415 - registers on import
