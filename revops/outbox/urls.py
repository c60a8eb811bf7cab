from django.urls import path

from revops.outbox import views

app_name = "outbox"
urlpatterns = [
    path("dev/mailbox/", views.mailbox, name="mailbox"),
    path("dev/mailbox/<int:pk>/", views.mailbox_message, name="mailbox-message"),
    path("dev/mailbox/<int:pk>/body/", views.mailbox_body, name="mailbox-body"),
]
