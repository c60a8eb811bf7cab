"""What a quote may name: products with their prices, terms, payment terms and billing."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from dealdesk.models import (
    BillingFrequency,
    NonStandardTerm,
    PaymentTerms,
    Price,
    Product,
)
from revops.api import Endpoint
from revops.company.days import local_day


class PriceOut(serializers.ModelSerializer):
    product = serializers.SlugRelatedField("key", read_only=True)
    currency = serializers.CharField(source="price_list.currency")

    class Meta:
        model = Price
        fields = ["product", "currency", "period", "amount", "valid_from", "valid_until"]


class ProductOut(serializers.ModelSerializer):
    class Meta:
        model = Product
        fields = ["key", "name", "family", "kind"]


class PaymentTermsOut(serializers.ModelSerializer):
    class Meta:
        model = PaymentTerms
        fields = ["key", "name", "net_days"]


class BillingOut(serializers.ModelSerializer):
    class Meta:
        model = BillingFrequency
        fields = ["key", "name", "months_ahead", "in_arrears"]


class NonStandardTermOut(serializers.ModelSerializer):
    class Meta:
        model = NonStandardTerm
        fields = [
            "key",
            "name",
            "category",
            "standard_wording",
            "standard_value",
            "value_type",
        ]


class CatalogueOut(serializers.Serializer):
    """Everything that is sold today, and on which terms."""

    products = ProductOut(many=True)
    prices = PriceOut(many=True)
    payment_terms = PaymentTermsOut(many=True)
    billing = BillingOut(many=True)
    terms = NonStandardTermOut(many=True)


class CatalogueApi(Endpoint):
    """The price list and the catalogue of terms, as they are today."""

    @extend_schema(responses=CatalogueOut)
    def get(self, request):
        today = local_day(self.at)
        prices = Price.objects.effective_on(today).filter(product__retired_at=None)
        found = {
            "products": Product.objects.filter(retired_at=None).order_by("key"),
            "prices": prices.select_related("product", "price_list").order_by("pk"),
            "payment_terms": PaymentTerms.objects.filter(retired_at=None).order_by("net_days"),
            "billing": BillingFrequency.objects.filter(retired_at=None).order_by("pk"),
            "terms": NonStandardTerm.objects.filter(retired_at=None).order_by("position", "pk"),
        }
        return Response(CatalogueOut(found).data)
