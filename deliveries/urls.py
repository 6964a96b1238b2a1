from django.urls import path

from deliveries import views
from deliveries.alerts.views import alerts
from deliveries.metrics import metrics

app_name = "deliveries"

urlpatterns = [
    path("events/", views.catalogue, name="catalogue"),
    path("events/preview/", views.preview, name="preview"),
    path("webhooks/new/trial/", views.trial, name="trial_of_new"),
    path("webhooks/<str:public_id>/settings/trial/", views.trial, name="trial"),
    path("alerts/", alerts, name="alerts"),
    path("deliveries/", views.delivery_list, name="list"),
    path("deliveries/<str:public_id>/", views.delivery, name="delivery"),
    path("deliveries/<str:public_id>/resend/", views.resend, name="resend"),
    path("webhooks/<str:public_id>/", views.webhook, name="webhook"),
    path("webhooks/<str:public_id>/activate/", views.activate, name="activate"),
    path("webhooks/<str:public_id>/deliveries/", views.webhook_log, name="log"),
    path("webhooks/<str:public_id>/payload/", views.payload, name="payload"),
    path("webhooks/<str:public_id>/resend/", views.resend_lost, name="resend_lost"),
    path("webhooks/<str:public_id>/test/", views.test, name="test"),
    path("metrics/", metrics, name="metrics"),
]
