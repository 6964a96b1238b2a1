from django.apps import AppConfig
from django.contrib.admin import apps as admin


class PortalConfig(AppConfig):
    name = "portal"
    verbose_name = "Partners and people"

    def ready(self) -> None:
        from portal import checks  # noqa: F401, PLC0415 - registers on import


class AdminConfig(admin.AdminConfig):
    default_site = "portal.admin_site.AdminSite"
