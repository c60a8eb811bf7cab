from django.urls import path
from rest_framework.routers import SimpleRouter

from pipeline.api.accounts import AccountApi, ContactApi
from pipeline.api.deals import DealApi
from pipeline.api.fields import FieldsApi
from pipeline.api.findings import DealFindingsApi, FindingApi
from pipeline.api.forecasting import (
    AccuracyApi,
    CallApi,
    ForecastApi,
    QuotaApi,
    WaterfallApi,
)
from pipeline.api.irregular import BypassApi
from pipeline.api.pipelines import PipelinesApi
from pipeline.api.reports import MetricsApi, PipelineReportApi

router = SimpleRouter(use_regex_path=False)
router.register("accounts", AccountApi, basename="api-account")
router.register("contacts", ContactApi, basename="api-contact")
router.register("deals", DealApi, basename="api-deal")
router.register("bypasses", BypassApi, basename="api-bypass")
router.register("findings", FindingApi, basename="api-finding")
router.register("quotas", QuotaApi, basename="api-quota")
router.register("forecast-calls", CallApi, basename="api-forecast-call")

urlpatterns = [
    path("forecast/", ForecastApi.as_view(), name="api-forecast"),
    path("forecast/accuracy/", AccuracyApi.as_view(), name="api-forecast-accuracy"),
    path("waterfall/", WaterfallApi.as_view(), name="api-waterfall"),
    path("fields/", FieldsApi.as_view(), name="api-fields"),
    path("pipelines/", PipelinesApi.as_view(), name="api-pipelines"),
    path("reports/pipeline/", PipelineReportApi.as_view(), name="api-report-pipeline"),
    path("reports/metrics/", MetricsApi.as_view(), name="api-report-metrics"),
    path("deals/<int:pk>/findings/", DealFindingsApi.as_view(), name="api-deal-findings"),
    *router.urls,
]
