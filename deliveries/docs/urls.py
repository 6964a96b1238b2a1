from django.urls import path

from deliveries.docs import views

app_name = "docs"

urlpatterns = [
    path("", views.page("quick_start"), name="quick_start"),
    path("requests/", views.page("requests", views.examples), name="requests"),
    path("signatures/", views.page("signatures"), name="signatures"),
    path("retries/", views.page("retries"), name="retries"),
    path("templates/", views.page("templates", views.templates), name="templates"),
    path("testing/", views.page("testing"), name="testing"),
    path("best-practices/", views.page("practices"), name="practices"),
    path("security/", views.page("security"), name="security"),
    path("troubleshooting/", views.page("troubleshooting", views.topics), name="troubleshooting"),
    path("signature-debugger/", views.signature_debugger, name="signature_debugger"),
]
