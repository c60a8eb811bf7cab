from django.contrib import admin

from revops.administration import ReadOnlyAdmin
from revops.ledger.models import Checkpoint, Entry


@admin.register(Entry)
class EntryAdmin(ReadOnlyAdmin):
    list_display = ["at", "verb", "subject_type", "subject_id", "actor", "via"]
    list_select_related = ["actor"]
    list_filter = ["via"]
    search_fields = ["=subject_id", "=verb"]
    ordering = ["-pk"]
    show_full_result_count = False


@admin.register(Checkpoint)
class CheckpointAdmin(ReadOnlyAdmin):
    list_display = ["number", "sealed_at", "entry_count", "hash"]
    ordering = ["-number"]
