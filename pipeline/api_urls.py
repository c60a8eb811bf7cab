from django.urls import path
from rest_framework.routers import SimpleRouter

from pipeline.api.accounts import AccountApi, ContactApi
from pipeline.api.deals import DealApi
from pipeline.api.fields import FieldsApi
from pipeline.api.irregular import BypassApi
from pipeline.api.pipelines import PipelinesApi

router = SimpleRouter(use_regex_path=False)
router.register("accounts", AccountApi, basename="api-account")
router.register("contacts", ContactApi, basename="api-contact")
router.register("deals", DealApi, basename="api-deal")
router.register("bypasses", BypassApi, basename="api-bypass")

urlpatterns = [
    path("fields/", FieldsApi.as_view(), name="api-fields"),
    path("pipelines/", PipelinesApi.as_view(), name="api-pipelines"),
    *router.urls,
]
