from django.apps import AppConfig
from django.core.checks import Tags, register


class PipelineConfig(AppConfig):
    name = "pipeline"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from pipeline import (
            addedfields,
            bypasses,
            checks,
            history,
            holding,
            imports,  # noqa: F401  (it registers its kinds)
            integrity,
            navigation,
            ownfacts,
            searchindex,
        )
        from pipeline.alerting import registration as alerting
        from pipeline.alerting.defaults import ensure_stage_actions
        from pipeline.defaults import ensure_defaults
        from pipeline.forecasting import registration as forecasting
        from pipeline.items import register_own_items
        from pipeline.tallies import facts
        from pipeline.views.reports import catalogue
        from revops.defaults import register_default

        register_own_items()
        addedfields.register()
        bypasses.register()
        ownfacts.register()
        register_default(ensure_defaults)
        register_default(ensure_stage_actions)
        history.declare_history()
        history.declare_finding_marks()
        holding.register()
        integrity.register()
        facts.register()
        catalogue.register()
        forecasting.register()
        navigation.register()
        alerting.register()
        register(checks.check_items_are_registered, Tags.database)
        searchindex.connect(self)
