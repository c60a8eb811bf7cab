"""What every request gets."""

from django.utils import timezone

from revops.remembering import remembering


class RememberingMiddleware:
    """Read what is the same for a whole page once; a request that changes anything reads anew."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.method not in ("GET", "HEAD"):
            return self.get_response(request)
        with remembering():
            return self.get_response(request)


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
