"""The site with the webhooks of mail services."""

from django.urls import include, path

from revops.urls import urlpatterns as site

urlpatterns = [path("mail/hooks/", include("anymail.urls")), *site]
