"""What forecasting tells the rest at start-up."""

from pipeline.forecasting import flows
from pipeline.forecasting.whose import may_see_forecast
from pipeline.reports.index import FORECAST, ReportLink, register_report
from revops.frame.navigation import register_item

REPORTS = (
    (
        "forecast",
        "Forecast",
        "What will the deals of this quarter come to, by person and line, and is it enough?",
        "pipeline:forecast",
        "telescope",
        30,
    ),
    (
        "waterfall",
        "Change of the pipeline",
        "What came, moved, won and went between two days?",
        "pipeline:waterfall",
        "chart-no-axes-column",
        31,
    ),
    (
        "forecast-trend",
        "Trend and accuracy of the forecast",
        "What did we forecast when, and how near was it?",
        "pipeline:forecast-trend",
        "crosshair",
        32,
    ),
    (
        "quotas",
        "Quotas",
        "What is each person to win this year?",
        "pipeline:quota-list",
        "target",
        33,
    ),
    (
        "delays",
        "Whose delay",
        "Did closed deals wait on the buyer, the rep, an approver or us?",
        "pipeline:delay-report",
        "hourglass",
        34,
    ),
)


def register() -> None:
    flows.register()
    for key, title, sentence, url_name, icon, order in REPORTS:
        register_report(
            ReportLink(
                key,
                title,
                sentence,
                url_name,
                icon,
                order,
                group=FORECAST,
                visible=may_see_forecast,
            )
        )
    register_item(
        "forecast",
        "Forecast",
        "telescope",
        "pipeline:forecast",
        45,
        visible=may_see_forecast,
        under="/forecast/",
    )
