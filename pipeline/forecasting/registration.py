"""What forecasting tells the rest at start-up."""

from pipeline.forecasting import flows


def register() -> None:
    flows.register()
