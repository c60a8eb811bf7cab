"""Accounts and contacts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.db import IntegrityError
from django.db.models import Model, QuerySet
from django.http import Http404
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from pipeline import operations
from pipeline.api.paging import KeysetPagination, NumberOf, Text
from pipeline.api.shapes import (
    AccountFacts,
    AccountOut,
    ContactFacts,
    ContactOut,
    ContactUpsert,
    SegmentIn,
)
from pipeline.conflicts import with_current_values
from pipeline.keyset import Order
from pipeline.models import Account, Contact
from revops.api import IF_MATCH, Records
from revops.imports.writing import without_ours
from revops.refusals import Conflict

EXTERNAL = [
    OpenApiParameter("source", OpenApiTypes.STR, OpenApiParameter.PATH, pattern=r"^[\w.-]{1,50}$"),
    OpenApiParameter(
        "external_id", OpenApiTypes.STR, OpenApiParameter.PATH, pattern=r"^[\w.:@-]{1,200}$"
    ),
]
BY_EXTERNAL = "by-external/<str:source>/<path:external_id>"


class Upserts:
    """Records by the number that a source system gave them."""

    def external(self) -> dict[str, str]:
        """The source system and its number, as the address names them."""
        source, external_id = self.kwargs["source"], self.kwargs["external_id"]
        if not (source.isprintable() and len(source) <= 50):
            raise ValidationError({"source": ["At most 50 printable characters."]})
        if not (external_id.isprintable() and len(external_id) <= 200):
            raise ValidationError({"external_id": ["At most 200 printable characters."]})
        return {"source": source, "external_id": external_id}

    def known(self, records: type[Model]) -> Any:
        """The record of that number, or None; 404 when the caller may not see it."""
        if not records._default_manager.filter(**self.external()).exists():
            return None
        return self.visible()

    def visible(self) -> Any:
        found = self.get_queryset().filter(**self.external()).first()
        if found is None:
            raise Http404
        return found

    def said(self, known: Model, facts: dict[str, Any]) -> dict[str, Any]:
        """What the source says of a known record, where it wins."""
        return without_ours(known, self.kwargs["source"], known._meta.model_name or "", facts)

    def upsert(self, records: type[Model], create: Callable[[], Any], change: Callable) -> Any:
        """Change the record of that number or enter it; the loser of a race changes."""
        known = self.known(records)
        if known is None:
            try:
                return self.show(create(), status=201)
            except IntegrityError:
                known = self.known(records)
                if known is None:
                    raise
        changed = change(known)
        if not self.get_queryset().filter(pk=changed.pk).exists():
            # Handing it over took it out of the caller's sight.
            return Response(status=204)
        return self.show(changed)


class AccountFilter(filters.FilterSet):
    search = Text(method="matching", help_text="Words in name or domain.")
    owner = NumberOf(field_name="owner")
    parent = NumberOf(field_name="parent")
    source = Text()
    external_id = Text()

    class Meta:
        model = Account
        fields: list[str] = []

    def matching(self, accounts: QuerySet[Account], name: str, value: str) -> QuerySet[Account]:
        return accounts.matching(value)


class AccountApi(Upserts, Records):
    """Companies we sell to."""

    queryset = Account.objects.none()
    shape = AccountOut
    filterset_class = AccountFilter
    pagination_class = KeysetPagination
    orders = {"name": Order("search_text"), "id": Order("id")}
    usual_order = "name"

    def get_queryset(self):
        return Account.objects.visible_to(self.request.user).select_related("owner", "parent")

    @extend_schema(request=AccountFacts, responses={201: AccountOut})
    def create(self, request):
        facts = self.facts(AccountFacts)
        account = operations.create_account(**facts, by=self.by, at=self.at)
        return self.show(account, status=201)

    @extend_schema(request=AccountFacts, responses=AccountOut, parameters=[IF_MATCH])
    def partial_update(self, request, pk):
        return self.show(self.change(self.get_object(), self.facts(AccountFacts, partial=True)))

    def change(self, account: Account, facts: Mapping[str, Any]) -> Account:
        try:
            return operations.change_account(
                account=account, changes=facts, version=self.version, by=self.by, at=self.at
            )
        except Conflict as refused:
            account.refresh_from_db()
            raise with_current_values(refused, account, facts) from None

    @extend_schema(request=SegmentIn, responses=AccountOut)
    @action(detail=True, methods=["post"], url_path="override-segment")
    def override_segment(self, request, pk):
        """Say the segment against the head count; an empty one ends that."""
        facts = self.facts(SegmentIn)
        account = self.get_object()
        account = operations.override_segment(account=account, **facts, by=self.by, at=self.at)
        return self.show(account)

    @extend_schema(parameters=EXTERNAL)
    @action(
        detail=False,
        methods=["get"],
        url_path=BY_EXTERNAL,
        pagination_class=None,
        filterset_class=None,
    )
    def by_external(self, request, source, external_id):
        return self.show(self.visible())

    @extend_schema(
        parameters=[*EXTERNAL, IF_MATCH],
        request=AccountFacts,
        responses={200: AccountOut, 201: AccountOut},
    )
    @by_external.mapping.put
    def put_by_external(self, request, source, external_id):
        """Enter the source system's account, or change it."""
        facts = self.facts(AccountFacts)
        return self.upsert(
            Account,
            lambda: operations.create_account(**facts, **self.external(), by=self.by, at=self.at),
            lambda known: self.change(known, self.said(known, facts)),
        )


class ContactFilter(filters.FilterSet):
    account = NumberOf(field_name="account")
    email = Text(lookup_expr="iexact")
    source = Text()
    external_id = Text()

    class Meta:
        model = Contact
        fields: list[str] = []


class ContactApi(Upserts, Records):
    """People we know at accounts."""

    queryset = Contact.objects.none()
    shape = ContactOut
    filterset_class = ContactFilter
    pagination_class = KeysetPagination
    orders = {"id": Order("id")}
    usual_order = "id"

    def get_queryset(self):
        return Contact.objects.visible_to(self.request.user).select_related("account")

    @extend_schema(request=ContactFacts, responses={201: ContactOut})
    def create(self, request):
        facts = {"account": None, **self.facts(ContactFacts)}
        contact = operations.create_contact(**facts, by=self.by, at=self.at)
        return self.show(contact, status=201)

    @extend_schema(request=ContactFacts, responses=ContactOut, parameters=[IF_MATCH])
    def partial_update(self, request, pk):
        return self.show(self.change(self.get_object(), self.facts(ContactFacts, partial=True)))

    def change(self, contact: Contact, facts: Mapping[str, Any]) -> Contact:
        return operations.change_contact(
            contact=contact, changes=facts, version=self.version, by=self.by, at=self.at
        )

    @extend_schema(parameters=EXTERNAL)
    @action(
        detail=False,
        methods=["get"],
        url_path=BY_EXTERNAL,
        pagination_class=None,
        filterset_class=None,
    )
    def by_external(self, request, source, external_id):
        return self.show(self.visible())

    @extend_schema(
        parameters=[*EXTERNAL, IF_MATCH],
        request=ContactUpsert,
        responses={200: ContactOut, 201: ContactOut},
    )
    @by_external.mapping.put
    def put_by_external(self, request, source, external_id):
        """Enter the source system's contact, or change it."""
        facts = self.facts(ContactUpsert, source=source)
        return self.upsert(
            Contact,
            lambda: operations.create_contact(
                **{"account": None, **facts}, **self.external(), by=self.by, at=self.at
            ),
            lambda known: self.change(known, self.said(known, facts)),
        )
