"""What the demo company adds to the pages of a development installation."""

from __future__ import annotations

from dealdesk.demo.checklist import home_context
from dealdesk.demo.people import dev_people
from pipeline.registry import HomePanel, register_home_panel
from revops.frame.development import register_dev_people


def register() -> None:
    register_home_panel(
        HomePanel("dealdesk.demo", "dealdesk/_demo_checklist.html", home_context, order=1)
    )
    register_dev_people(dev_people)
