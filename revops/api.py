"""What every endpoint of the API shares: refusals as problem details (RFC 9457)."""

from dataclasses import asdict
from http import HTTPStatus
from typing import Any

from rest_framework.response import Response
from rest_framework.views import exception_handler

from revops.refusals import Refused

PROBLEM_JSON = "application/problem+json"


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


def problem_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: our refusals and DRF's own errors in one shape."""
    if isinstance(exc, Refused):
        return problem(
            exc.status, exc.message, code=exc.code, missing=[asdict(item) for item in exc.missing]
        )
    response = exception_handler(exc, context)
    if response is None:
        return None
    detail = response.data.get("detail") if isinstance(response.data, dict) else None
    if detail is None:
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
