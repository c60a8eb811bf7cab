"""Who takes part in a deal on both sides, what happened, and the files about it."""

from __future__ import annotations

from django.http import FileResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.response import Response

from pipeline import operations
from pipeline.api.shapes import (
    ActivityIn,
    ActivityOut,
    AttachIn,
    AttachmentOut,
    DealContactOut,
    LinkIn,
    MemberIn,
    MemberOut,
)
from pipeline.keyset import Order
from pipeline.models import Deal
from pipeline.permissions import check_can_change
from pipeline.registry import CUSTOM
from revops.company.fields import standing_fields
from revops.company.models import FieldDefinition
from revops.parsers import CleanMultiPartParser
from revops.refusals import Missing, Refused
from revops.work.models import Attachment
from revops.work.operations import attach_file, remove_attachment

PLAIN = {"pagination_class": None, "filterset_class": None}
SIGNED_CONTRACT = "signed_contract"


class Around:
    """What stands beside a deal."""

    # Contacts

    @extend_schema(responses=DealContactOut(many=True), filters=False)
    @action(detail=True, methods=["get"], **PLAIN)
    def contacts(self, request, pk):
        """The contacts who take part, each with the part they play."""
        rows = self.get_object().deal_contacts.select_related("contact__account")
        return Response(DealContactOut(rows.order_by("pk"), many=True).data)

    @extend_schema(responses={204: None})
    @action(detail=True, methods=["delete"], url_path="contacts/<int:link>", **PLAIN)
    def unlink_contact(self, request, pk, link):
        """Take a contact's part in the deal away; `link` is the id of the part."""
        rows = self.get_object().deal_contacts.select_related("contact", "deal")
        linked = get_object_or_404(rows, pk=link)
        operations.unlink_contact(deal_contact=linked, by=self.by, at=self.at)
        return Response(status=204)

    @extend_schema(request=LinkIn, responses={201: DealContactOut})
    @action(detail=True, methods=["post"], url_path="link-contact")
    def link_contact(self, request, pk):
        """Give a contact a part in the deal."""
        deal, facts = self.get_object(), self.facts(LinkIn)
        linked = operations.link_contact(deal=deal, **facts, by=self.by, at=self.at)
        return Response(DealContactOut(linked).data, status=201)

    @extend_schema(responses=ActivityOut(many=True), filters=False)
    @action(
        detail=True,
        methods=["get"],
        orders={"happened": Order("happened_at")},
        usual_order="-happened",
        filterset_class=None,
    )
    def activities(self, request, pk):
        """What happened with the buyer, newest first."""
        rows = self.get_object().activities.select_related("logged_by")
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(ActivityOut(page, many=True).data)

    @extend_schema(request=ActivityIn, responses={201: ActivityOut})
    @activities.mapping.post
    def log_activity(self, request, pk):
        """Write down a note, call, meeting or mail."""
        deal, facts = self.get_object(), self.facts(ActivityIn)
        activity = operations.log_activity(deal=deal, **facts, by=self.by, at=self.at)
        return Response(ActivityOut(activity).data, status=201)

    # The team

    @extend_schema(responses=MemberOut(many=True), filters=False)
    @action(detail=True, methods=["get"], **PLAIN)
    def team(self, request, pk):
        """Colleagues who work on the deal beside its owner, former ones left out."""
        rows = self.get_object().members.standing().select_related("person")
        return Response(MemberOut(rows.order_by("pk"), many=True).data)

    @extend_schema(request=MemberIn, responses={201: MemberOut})
    @team.mapping.post
    def add_member(self, request, pk):
        """Let a colleague see the deal, or work on it; a second time changes the terms."""
        deal, facts = self.get_object(), self.facts(MemberIn)
        member = operations.add_member(deal=deal, **facts, by=self.by, at=self.at)
        return Response(MemberOut(member).data, status=201)

    @extend_schema(responses={204: None})
    @action(detail=True, methods=["delete"], url_path="team/<int:member>", **PLAIN)
    def remove_member(self, request, pk, member):
        """Take a colleague off the deal; `member` is the id of the membership."""
        rows = self.get_object().members.select_related("person", "deal")
        found = get_object_or_404(rows, pk=member)
        operations.remove_member(member=found, by=self.by, at=self.at)
        return Response(status=204)


class Files:
    """Files go in as forms and come out as they are."""

    @extend_schema(responses=AttachmentOut(many=True), filters=False)
    @action(detail=True, methods=["get"], parser_classes=[CleanMultiPartParser], **PLAIN)
    def attachments(self, request, pk):
        """The files about the deal."""
        rows = Attachment.objects.about(self.get_object()).select_related("uploaded_by")
        return Response(AttachmentOut(rows, many=True).data)

    @extend_schema(request={"multipart/form-data": AttachIn}, responses={201: AttachmentOut})
    @attachments.mapping.post
    def attach(self, request, pk):
        """Attach a file: as the signed contract, as the value of a field, or as another file."""
        deal = self.get_object()
        check_can_change(deal, by=self.by)
        kept = self.keep(deal, self.facts(AttachIn))
        return Response(AttachmentOut(kept).data, status=201)

    def keep(self, deal: Deal, facts) -> Attachment:
        file, field = facts["file"], facts.get("field", "")
        who = {"by": self.by, "at": self.at}
        if field:
            check_is_file(field)
            operations.change_deal(deal=deal, changes={f"{CUSTOM}{field}": file}, **who)
        elif facts.get("kind") == SIGNED_CONTRACT:
            operations.fill_items(deal=deal, evidence={SIGNED_CONTRACT: file}, **who)
        else:
            return attach_file(file=file, about=deal, **who)
        return Attachment.objects.about(deal).select_related("uploaded_by").last()

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    @action(detail=True, methods=["get"], url_path="attachments/<int:file>", **PLAIN)
    def attachment(self, request, pk, file):
        """The file itself."""
        found = get_object_or_404(Attachment.objects.about(self.get_object()), pk=file)
        return FileResponse(
            found.file.open("rb"),
            as_attachment=True,
            filename=found.name,
            content_type="application/octet-stream",
        )

    @extend_schema(responses={204: None})
    @attachment.mapping.delete
    def remove_attachment(self, request, pk, file):
        """Show a file no longer; only who attached it, or an administrator, may."""
        deal = self.get_object()
        check_can_change(deal, by=self.by)
        found = get_object_or_404(Attachment.objects.about(deal), pk=file)
        remove_attachment(attachment=found, by=self.by, at=self.at)
        return Response(status=204)


def check_is_file(key: str) -> None:
    definition = standing_fields("deal").get(key)
    if definition is None or definition.kind != FieldDefinition.Kind.FILE:
        sentence = f"Deals have no field “{key}” that is a file."
        raise Refused(sentence, code="bad_field", missing=[Missing("field", "Field", sentence)])
