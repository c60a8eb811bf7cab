from django.urls import path
from rest_framework.routers import SimpleRouter

from dealdesk.api.approvals import ApprovalApi, RequestApi
from dealdesk.api.catalogue import CatalogueApi
from dealdesk.api.exceptions import ExceptionApi
from dealdesk.api.quotes import QuoteApi

router = SimpleRouter(use_regex_path=False)
router.register("quotes", QuoteApi, basename="api-quote")
router.register("approvals", ApprovalApi, basename="api-approval")
router.register("requests", RequestApi, basename="api-request")
router.register("exceptions", ExceptionApi, basename="api-exception")

urlpatterns = [
    path("catalogue/", CatalogueApi.as_view(), name="api-catalogue"),
    *router.urls,
]
