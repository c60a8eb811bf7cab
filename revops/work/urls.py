from django.urls import path

from revops.work import views

app_name = "work"
urlpatterns = [
    path("attachments/<int:pk>/", views.attachment_download, name="attachment-download"),
]
