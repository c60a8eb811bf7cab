from django.contrib import admin

from revops.administration import ReadOnlyAdmin
from revops.apikeys.models import Token


@admin.register(Token)
class TokenAdmin(ReadOnlyAdmin):
    list_display = ["hint", "person", "name", "created_at", "last_used_at", "revoked_at"]
    list_select_related = ["person"]
    exclude = ["token_hash"]
    search_fields = ["person__name", "person__email", "name", "hint"]
    ordering = ["-pk"]
