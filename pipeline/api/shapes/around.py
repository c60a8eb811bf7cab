"""What happens around a deal."""

from __future__ import annotations

from rest_framework import serializers

from pipeline.api.shapes.values import Colleague, EvidenceField, Visible
from pipeline.models import (
    Activity,
    Contact,
    CriterionTick,
    DealContact,
    DealMember,
)
from revops.api import Input, PersonOut
from revops.work.models import Attachment


class LinkIn(Input):
    contact = Visible(queryset=Contact.objects.all())
    role = serializers.ChoiceField(DealContact.Role.choices)


class ActivityOut(serializers.ModelSerializer):
    logged_by = PersonOut(allow_null=True)

    class Meta:
        model = Activity
        fields = ["id", "kind", "side", "happened_at", "body", "logged_by", "logged_at"]
        read_only_fields = fields


class ActivityIn(Input):
    kind = serializers.ChoiceField(Activity.Kind.choices)
    side = serializers.ChoiceField(Activity.Side.choices)
    body = serializers.CharField(required=False, allow_blank=True, default="")
    happened_at = serializers.DateTimeField(required=False, allow_null=True)


class MemberOut(serializers.ModelSerializer):
    person = PersonOut()

    class Meta:
        model = DealMember
        fields = ["id", "person", "role", "access", "until"]
        read_only_fields = fields


class MemberIn(Input):
    person = Colleague()
    role = serializers.CharField(required=False, allow_blank=True, max_length=60, default="")
    access = serializers.ChoiceField(DealMember.Access.choices, required=False, default="read")
    until = serializers.DateField(required=False, allow_null=True)


class AttachmentOut(serializers.ModelSerializer):
    uploaded_by = PersonOut(allow_null=True)

    class Meta:
        model = Attachment
        fields = ["id", "name", "kind", "size", "sha256", "uploaded_by", "uploaded_at"]
        read_only_fields = fields


class AttachIn(Input):
    """A file, and what it is: the signed contract, or the value of a field of the company's."""

    file = serializers.FileField()
    kind = serializers.ChoiceField(
        [("signed_contract", "The signed contract")], required=False, allow_blank=True
    )
    field = serializers.SlugField(required=False, allow_blank=True, max_length=60)


class ConfirmationOut(serializers.ModelSerializer):
    """An exit criterion that somebody confirmed."""

    criterion = serializers.CharField(source="criterion_key")
    stage = serializers.SlugRelatedField("key", read_only=True)
    ticked_by = PersonOut(allow_null=True)
    evidence = serializers.IntegerField(
        source="evidence_id", allow_null=True, help_text="The number of an attachment."
    )

    class Meta:
        model = CriterionTick
        fields = ["criterion", "stage", "note", "evidence", "ticked_by", "ticked_at"]
        read_only_fields = fields


class FillIn(Input):
    evidence = EvidenceField()


class TickIn(Input):
    criterion = serializers.CharField(max_length=60)
    note = serializers.CharField(required=False, allow_blank=True, max_length=5000, default="")
    evidence = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=1,
        max_value=2**63 - 1,
        help_text="The number of an attachment of the deal.",
    )


class WithdrawIn(Input):
    criterion = serializers.CharField(max_length=60)


class ItemIn(Input):
    item = serializers.CharField(max_length=80)
