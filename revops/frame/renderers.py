from pathlib import Path

import django.forms
from django.conf import settings
from django.forms.renderers import DjangoTemplates
from django.template.backends.django import DjangoTemplates as Engine
from django.utils.functional import cached_property


class FrameRenderer(DjangoTemplates):
    """Renders forms and their fields with our components, widgets as Django has them."""

    form_template_name = "components/form.html"
    field_template_name = "components/field.html"

    @cached_property
    def engine(self) -> Engine:
        return Engine(
            {
                "APP_DIRS": True,
                "DIRS": [
                    settings.BASE_DIR / "templates",
                    Path(django.forms.__file__).parent / "templates",
                ],
                "NAME": "frameforms",
                "OPTIONS": {"builtins": ["revops.frame.templatetags.frame"]},
            }
        )
