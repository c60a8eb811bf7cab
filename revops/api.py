"""What every endpoint of the API shares.

Refusals are problem details (RFC 9457), a POST with an `Idempotency-Key` happens once, and the
schema says both of every endpoint.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache, cached_property
from hashlib import sha256
from http import HTTPStatus
from inspect import isfunction
from operator import attrgetter, methodcaller
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ParseError
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.views import APIView, exception_handler
from rest_framework.viewsets import GenericViewSet

from revops.apikeys.models import IdempotencyKey
from revops.apikeys.operations import answer_key, claim_key
from revops.columns import Columns, columns_of
from revops.people.actor import Actor, Via
from revops.people.models import User
from revops.refusals import Refused

PROBLEM_JSON = "application/problem+json"


# Refusals


def problem(status: int, detail: str, *, code: str, missing: list | None = None, **more: Any):
    """One refusal: what kind it is, the sentence, and the unmet items."""
    return Response(
        {
            "type": "about:blank",
            "title": HTTPStatus(status).phrase,
            "status": status,
            "code": code,
            "detail": detail,
            "missing": missing or [],
            **more,
        },
        status=status,
        content_type=PROBLEM_JSON,
    )


def problem_handler(exc: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """DRF's exception handler: our refusals and DRF's own errors in one shape."""
    if isinstance(exc, Replayed):
        return exc.response()
    if request := context.get("request"):
        # Whatever was asked for (the schema comes as YAML), a problem is JSON.
        request.accepted_renderer = JSONRenderer()
        request.accepted_media_type = JSONRenderer.media_type
    if isinstance(exc, Refused):
        return problem(
            exc.status,
            exc.message,
            code=exc.code,
            missing=[asdict(item) for item in exc.missing],
            facts={name: as_json(value) for name, value in exc.facts.items()},
        )
    response = exception_handler(exc, context)
    if response is None:
        return None
    detail = response.data.get("detail") if isinstance(response.data, dict) else None
    if detail is None or isinstance(detail, list):
        answer = problem(
            response.status_code,
            "The request has errors.",
            code="invalid",
            errors=response.data,
        )
    else:
        answer = problem(
            response.status_code, str(detail), code=getattr(detail, "code", None) or "error"
        )
    for header in ("WWW-Authenticate", "Retry-After", "Allow"):
        if header in response.headers:
            answer.headers[header] = response.headers[header]
    return answer


def as_json(value: Any) -> Any:
    """A fact of a refusal in JSON's types."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, date | Decimal):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): as_json(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [as_json(each) for each in value]
    return getattr(value, "pk", None) or str(value)


# Reading requests


class Input(serializers.Serializer):
    """What an endpoint takes. A name it does not know is an error, not silence.

    `instead` names what is changed in another way, and how.
    """

    instead: Mapping[str, str] = {}

    def to_internal_value(self, data):
        if isinstance(data, Mapping):
            unknown = sorted(set(map(str, data)) - set(self.fields))
            if unknown:
                raise serializers.ValidationError(
                    {name: [self.instead.get(name, "There is no such field.")] for name in unknown}
                )
        return super().to_internal_value(data)


class PersonField(serializers.Field):
    """A colleague, by number or by e-mail address."""

    default_error_messages = {"unknown": "Nobody here has this number or address."}

    def to_internal_value(self, data):
        if isinstance(data, bool) or not isinstance(data, int | str):
            self.fail("unknown")
        known = {"pk": data} if isinstance(data, int) else {"email": data.strip().lower()}
        person = User.objects.filter(**known).first()
        return person or self.fail("unknown")

    def to_representation(self, value):
        return value.pk


class Shown(serializers.ModelSerializer):
    """A shape that only shows records: it reads what it shows, and asks nothing else of a field.

    It says what DRF's own would say, in half the time; lists are long.
    """

    def to_representation(self, instance: Any) -> dict[str, Any]:
        shown: dict[str, Any] = {}
        for name, read, show in self.reading:
            value = read(instance)
            shown[name] = None if value is None else show(value)
        return shown

    @cached_property
    def reading(self) -> list[tuple[str, Callable[[Any], Any], Callable[[Any], Any]]]:
        return [
            (str(field.field_name), self.reader(field), field.to_representation)
            for field in self._readable_fields
        ]

    def reader(self, field: Any) -> Callable[[Any], Any]:
        if type(field).get_attribute is not serializers.Field.get_attribute and not isinstance(
            field, serializers.SlugRelatedField
        ):
            return field.get_attribute
        source = ".".join(field.source_attrs)
        if isfunction(getattr(self.Meta.model, source, None)):
            return methodcaller(source)
        return attrgetter(source) if source else field.get_attribute


class PersonOut(Shown):
    class Meta:
        model = User
        fields = ["id", "name", "email"]


VERSION = re.compile(r'^(?:W/)?"?([0-9]{1,9})"?$')


def version_in(request) -> int | None:
    """The version that `If-Match` names; None when none was asked."""
    given = request.headers.get("If-Match", "").strip()
    if given in ("", "*"):
        return None
    found = VERSION.match(given)
    if found is None:
        raise ParseError('If-Match names one version, such as "3".')
    return int(found[1])


# Requests that happen once

KEY = re.compile(r"^[\x21-\x7e]{1,255}$")
KEPT_HEADERS = ("Content-Type", "ETag", "Location")


class Replayed(Exception):
    """This request was answered before; the same answer is given again."""

    def __init__(self, row: IdempotencyKey) -> None:
        super().__init__(row.key)
        self.row = row

    def response(self) -> HttpResponse:
        headers = {**self.row.headers, "Idempotency-Replayed": "true"}
        return HttpResponse(self.row.body, status=self.row.status, headers=headers)


def claim(request, *, by: Actor, at: datetime) -> IdempotencyKey | None:
    """Claim the request's key, when it brings one; Replayed when it was answered already."""
    key = request.headers.get("Idempotency-Key")
    if key is None or request.method != "POST":
        return None
    if not KEY.match(key):
        raise ParseError("An Idempotency-Key has 1 to 255 visible ASCII characters.")
    asked = (request.get_full_path(), request.headers.get("If-Match", ""), request.content_type)
    mark = sha256(json.dumps(asked).encode() + request._request.body).hexdigest()
    row, is_new = claim_key(key=key, path=request.path[:500], request_hash=mark, by=by, at=at)
    if not is_new:
        raise Replayed(row)
    return row


def keep_answer(row: IdempotencyKey, response: HttpResponse, *, by: Actor) -> None:
    """Keep what was answered; after a failure of ours the outcome stays unknown."""
    if response.status_code >= 500:
        return
    headers = {name: response[name] for name in KEPT_HEADERS if name in response}
    answer_key(
        row=row,
        status=response.status_code,
        headers=headers,
        body=response.content.decode(),
        by=by,
        at=timezone.now(),
    )


# Endpoints


@cache
def showing(shape: type[serializers.Serializer]) -> serializers.Serializer:
    """The shape that shows records, its fields made once for each process.

    What is shown depends on the record alone: nothing here asks for the request.
    """
    return shape()


class Endpoint(APIView):
    """Acts for whoever calls, by way of the API, at one moment."""

    claimed: IdempotencyKey | None = None

    def initial(self, request, *args, **kwargs):
        super().initial(request, *args, **kwargs)
        # Moments are told in UTC, whatever zone the caller's pages are in.
        timezone.activate(UTC)
        self.by = Actor.from_request(request, via=Via.API)
        self.at = timezone.now()
        self.claimed = claim(request, by=self.by, at=self.at)

    def finalize_response(self, request, response, *args, **kwargs):
        response = super().finalize_response(request, response, *args, **kwargs)
        response.headers.setdefault("Cache-Control", "private, no-store")
        if self.claimed is not None:
            row, by = self.claimed, self.by
            response.add_post_render_callback(lambda done: keep_answer(row, done, by=by))
        return response

    def facts(
        self, shape: type[serializers.Serializer], *, partial: bool = False, **context: Any
    ) -> dict[str, Any]:
        """The request's body as `shape` takes it."""
        context["request"] = self.request
        given = shape(data=self.request.data, partial=partial, context=context)
        given.is_valid(raise_exception=True)
        return dict(given.validated_data)

    @property
    def version(self) -> int | None:
        return version_in(self.request)

    def columns(self) -> Columns | None:
        """What a list is read from, where it makes no records."""
        return None


class Records(Endpoint, GenericViewSet):
    """The endpoints of one kind of record. What is not visible to the caller is not there."""

    lookup_value_converter = "int"
    shape: type[serializers.Serializer]
    listed: type[serializers.ModelSerializer] | None = None
    """A shape that shows nothing but columns: lists of it are read without making records."""

    def get_serializer_class(self):
        return self.shape

    def get_object(self):
        return get_object_or_404(self.get_queryset(), pk=self.kwargs["pk"])

    def columns(self) -> Columns | None:
        """What the list is read from, where its shape shows nothing but columns."""
        return columns_of(self.listed) if self.listed and self.action == "list" else None

    def list(self, request):
        """A page of the records that match."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        columns = self.columns()
        show = columns.tell if columns else showing(self.get_serializer_class()).to_representation
        return self.get_paginated_response([show(record) for record in page])

    def retrieve(self, request, pk):
        """One record."""
        return self.show(self.get_object())

    def show(self, record: Any, shape: type[serializers.Serializer] | None = None, status=200):
        """One record as it is now, with the version to name when it is changed."""
        shown = showing(shape or self.shape).to_representation(record)
        response = Response(shown, status=status)
        if version := getattr(record, "version", None):
            response.headers["ETag"] = f'"{version}"'
        return response


@extend_schema(exclude=True)
class NoSuchEndpoint(Endpoint):
    """Every other address under the API: a problem like the others, not a page."""

    def initial(self, request, *args, **kwargs):
        super().initial(request, *args, **kwargs)
        raise NotFound("There is no such endpoint. Addresses end in a slash.")

    def get(self, request, **kwargs): ...

    post = put = patch = delete = get


# The schema

IF_MATCH = OpenApiParameter(
    "If-Match",
    str,
    OpenApiParameter.HEADER,
    description="The version that was read. 409 when somebody changed the record since.",
    pattern=r'^"[0-9]{1,9}"$',
)
IDEMPOTENCY_KEY = {
    "in": "header",
    "name": "Idempotency-Key",
    "description": "The same request with the same key happens once; kept for 24 hours.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]{1,255}$"},
}
MISSING = {
    "type": "object",
    "description": "One unmet item.",
    "properties": {
        "key": {"type": "string"},
        "label": {"type": "string"},
        "sentence": {"type": "string", "description": "How to meet it."},
        "stage": {"type": "string"},
    },
    "required": ["key", "label", "sentence", "stage"],
}
PROBLEM = {
    "type": "object",
    "description": "A refusal (RFC 9457).",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "What was refused, for programs."},
        "detail": {"type": "string", "description": "The same sentence that the pages show."},
        "missing": {"type": "array", "items": {"$ref": "#/components/schemas/Missing"}},
        "errors": {"description": "Errors by field, with 400."},
        "facts": {"type": "object", "additionalProperties": True},
    },
    "required": ["type", "title", "status", "code", "detail", "missing"],
}
REFUSALS = {
    400: "The request cannot be read, or a field has an error.",
    401: "Nobody is signed in, or the token is not valid.",
    403: "This person may not do this.",
    404: "There is no such record, or it is not visible to this person.",
    406: "Answers are JSON.",
    409: "The record is no longer what it was when it was read.",
    415: "Requests are JSON.",
    422: "A rule refuses it; `missing` lists every unmet item.",
}
WHEN_WRITING = {409, 415, 422}


def document_refusals(result: dict, generator: Any, request: Any, public: bool) -> dict:
    """Postprocessing hook of the schema: what every endpoint may answer beside its result."""
    result["components"]["schemas"] |= {"Missing": MISSING, "Problem": PROBLEM}
    for path in result["paths"].values():
        for method, operation in path.items():
            writes = method in ("post", "put", "patch", "delete")
            for status, sentence in REFUSALS.items():
                if writes or status not in WHEN_WRITING or str(status) in operation["responses"]:
                    operation["responses"][str(status)] = {
                        "description": sentence,
                        "content": {
                            PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}
                        },
                    }
            if method == "post":
                operation.setdefault("parameters", []).append(IDEMPOTENCY_KEY)
    return result
