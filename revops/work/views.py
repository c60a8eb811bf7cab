from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from revops.work.models import Attachment
from revops.work.registry import may_see


@login_required
@require_safe
def attachment_download(request, pk):
    """Hand a file to whoever may see the record it is about; never shown within the site."""
    attachment = get_object_or_404(Attachment.objects.filter(removed_at=None), pk=pk)
    if not may_see(request.user, attachment.about_type, attachment.about_id):
        raise Http404
    response = FileResponse(
        attachment.file.open("rb"),
        as_attachment=True,
        filename=attachment.name,
        content_type="application/octet-stream",
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, no-store"
    return response
