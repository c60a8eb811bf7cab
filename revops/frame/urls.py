from django.urls import path

from revops.frame import views

app_name = "frame"
urlpatterns = [
    path("search/", views.search, name="search"),
    path("settings/", views.settings_page, name="settings"),
    path("notifications/", views.notification_list, name="notification-list"),
    path("notifications/read/", views.notification_read_all, name="notification-read-all"),
    path("notifications/<int:pk>/open/", views.notification_open, name="notification-open"),
    path("theme/", views.theme_change, name="theme-change"),
    path("dev/gallery/", views.gallery, name="gallery"),
    path("dev/people/", views.dev_people, name="dev-people"),
    path("dev/sign-in/", views.dev_sign_in, name="dev-sign-in"),
]
