"""Bad rows of people, company, ledger, outbox, work, imports and keys."""

from __future__ import annotations

from datetime import timedelta

from django.db import models

from revops.apikeys.models import IdempotencyKey, Token
from revops.company.models import Company, ExchangeRate, FieldDefinition
from revops.imports.models import FieldWinner, ImportRun, SavedMapping, SourceRecord
from revops.ledger.models import Checkpoint, Entry, EntryRelation, PersonalValue
from revops.outbox.models import Delivery, Notification
from revops.people.models import Absence, ReportingLink, RoleGrant, Team, User
from revops.work.models import Attachment, Task
from revops.worktime.models import Calendar, Holiday
from tests.factories.people import AT
from tests.project.constraints.breaking import DAY, by_somebody, change, own, twin

FOUNDATION = {
    # People
    "people_team.key": twin(Team),
    "people_user.email": twin(User),
    "people_user_email_is_lower_case": change(User, email="Rita@Example.com"),
    "people_user_external_id_unique_in_source": lambda: (
        change(User, source="crm", external_id="1")(),
        twin(User, email="twin@dealdesk.example")(),
    ),
    "people_user_deactivation_has_when": change(User, is_active=False),
    "people_user_admission_has_when": by_somebody(User, "admitted_by_id", lambda model, **facts: (
        change(model, admitted_at=None, **facts)
    )),
    "people_user_is_not_their_own_manager": own(User, "manager_id"),
    "people_role_grant_one_active_per_role": twin(RoleGrant),
    "people_role_grant_role_is_known": twin(RoleGrant, role="emperor"),
    "people_role_grant_revocation_has_when": by_somebody(RoleGrant, "revoked_by_id"),
    "people_absence_ends_after_it_begins": change(Absence, last_day=DAY - timedelta(days=1)),
    "people_absence_delegate_is_somebody_else": change(
        Absence, delegate_id=models.F("person_id")
    ),
    "people_absence_cancelled_has_when": by_somebody(Absence, "cancelled_by_id"),
    "people_reporting_link_once": twin(ReportingLink),
    "people_reporting_link_has_no_cycle": change(ReportingLink, {"depth": 0}, depth=1),
    # Company and working time
    "company_company_is_one_row": lambda: Company.objects.bulk_create([Company(pk=2)]),
    "company_company_currency_is_a_code": change(Company, currency="usd"),
    "company_exchange_rate_one_a_day": twin(ExchangeRate),
    "company_exchange_rate_is_positive": change(ExchangeRate, per_company_unit=0),
    "company_field_definition_key_once": twin(FieldDefinition),
    "worktime_calendar.name": twin(Calendar, is_default=False),
    "worktime_calendar_one_default": twin(Calendar, {"is_default": True}, name="Twin"),
    "worktime_holiday_once": twin(Holiday),
    # Ledger, outbox, work, imports
    "ledger_entry_one_chain_per_subject": twin(Entry),
    "ledger_entry_via_is_known": twin(Entry, sequence=999, via="telepathy"),
    "ledger_entry_relation_once": twin(EntryRelation),
    "ledger_personal_value_one_per_field": twin(PersonalValue),
    "ledger_checkpoint.number": twin(Checkpoint),
    "outbox_notification_told_once": twin(Notification),
    "outbox_delivery_bounce_has_what": change(Delivery, bounced_at=AT),
    "outbox_delivery_one_per_channel": twin(Delivery, message_id="<twin@dealdesk.example>"),
    "outbox_delivery.message_id": twin(Delivery, channel="pigeon"),
    "outbox_delivery_sent_has_when": change(Delivery, state="sent"),
    "outbox_delivery_claim_has_until": change(Delivery, state="sending"),
    "outbox_delivery_waiting_has_next_try": change(Delivery, state="waiting", next_try_at=None),
    "work_task_closing_has_when": change(Task, state="done"),
    "work_task_one_open_per_key": twin(Task),
    "work_attachment_removal_has_when": by_somebody(Attachment, "removed_by_id"),
    "imports_source_record_one_per_external_id": twin(SourceRecord),
    "imports_field_winner_one_per_field": twin(FieldWinner),
    "imports_saved_mapping_one_per_name": twin(SavedMapping),
    "imports_run_one_at_a_time": twin(ImportRun),
    "imports_run_at_work_has_start": change(ImportRun, finished_at=AT),
    "imports_run_start_has_when": by_somebody(
        ImportRun, "started_by_id", lambda model, **facts: change(
            model, state="checked", started_at=None, **facts
        )
    ),
    "imports_run_over_keeps_no_file": change(ImportRun, state="done"),
    # Keys of the API
    "apikeys_token.token_hash": twin(Token),
    "apikeys_token_revocation_has_when": by_somebody(Token, "revoked_by_id"),
    "apikeys_idempotency_one_per_person_and_key": twin(IdempotencyKey),
    "apikeys_idempotency_answer_has_when": change(IdempotencyKey, status=200),
}  # fmt: skip
