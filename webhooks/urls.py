from django.urls import path

from webhooks import views

app_name = "webhooks"

urlpatterns = [
    path("", views.webhook_list, name="list"),
    path("new/", views.create, name="create"),
    path("<str:public_id>/settings/", views.edit, name="edit"),
    path("<str:public_id>/secret/roll/", views.roll_secret, name="roll_secret"),
    path("<str:public_id>/secret/end-overlap/", views.end_overlap, name="end_overlap"),
    path("<str:public_id>/secret/", views.secret, name="secret"),
    path("<str:public_id>/deactivate/", views.deactivate, name="deactivate"),
    path("<str:public_id>/delete/", views.delete, name="delete"),
]
