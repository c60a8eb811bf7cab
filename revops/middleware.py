"""What every request gets."""

from django.utils import timezone


class ReaderZoneMiddleware:
    """Show times in the zone of the person who reads them."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.user.is_authenticated:
            timezone.activate(request.user.get_zone())
        try:
            return self.get_response(request)
        finally:
            timezone.deactivate()
