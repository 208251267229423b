"""Moments by HTTP, for the browser's queue: the device cookie alone says who writes.

The session is not looked at. Every write must come from this site's own pages (Origin). A retry is
harmless: the id is made on the device, and the same moment under the same id is written once.
"""

import json
import re
import uuid
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.urls import path
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from connections.interactions.actions import (
    Outcome,
    correct_interaction,
    delete_moment,
    log_difficulty,
    log_interactions,
)
from connections.interactions.rules import (
    MOST_IN_A_BATCH,
    DeletedMomentError,
    InvalidMomentError,
    MomentError,
    OtherMomentError,
    StaleRevisionError,
    UnknownMomentError,
)
from connections.interactions.shape import (
    OPTIONAL_CHOICES,
    REASONS,
    REQUIRED_CHOICES,
    Facts,
    read_changes,
    read_difficulty,
    read_facts,
)
from connections.interactions.spots import find_spot
from kinder.accounts.devices import find_device, read_key, recognise
from kinder.accounts.limits import TooManyError, charge_log, find_network
from kinder.accounts.models import Device

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

MOST_BYTES = 4_096
MOST_BYTES_OF_BATCH = 65_536


class RefusedError(Exception):
    """An answer that is no success, before any moment was looked at."""

    def __init__(self, status: int, code: str, message: "_StrOrPromise") -> None:
        super().__init__(code)
        self.status, self.code, self.message = status, code, message


ERRORS: dict[type[MomentError], tuple[int, str, "_StrOrPromise"]] = {
    InvalidMomentError: (400, "invalid", _("Some of this is not right: see the fields.")),
    UnknownMomentError: (404, "unknown", _("There is no such moment of yours.")),
    OtherMomentError: (409, "other_moment", _("This id already holds another moment.")),
    DeletedMomentError: (410, "deleted", _("This moment was deleted.")),
    StaleRevisionError: (412, "stale", _("The moment was changed since.")),
}


def tell(error: MomentError) -> tuple[int, dict[str, Any]]:
    """Return the status and the body that tell a client of `error`."""
    status, code, message = ERRORS[type(error)]
    body: dict[str, Any] = {"code": code, "message": message}
    if isinstance(error, InvalidMomentError):
        body["fields"] = {
            name: {"code": problem.code, "message": problem.message}
            for name, problem in error.problems.items()
        }
    if isinstance(error, StaleRevisionError):
        body["revision"] = error.revision
    return status, body


class DeviceView(APIView):
    """What the end points for devices share: who writes, from where, how often and how much."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, MomentError):
            status, body = tell(exc)
            return Response(body, status=status)
        if isinstance(exc, RefusedError):
            return Response({"code": exc.code, "message": exc.message}, status=exc.status)
        if isinstance(exc, TooManyError):
            return Response(
                {"code": "too_many", "message": _("That was a lot at once. Please wait a little.")},
                status=429,
                headers={"Retry-After": str(exc.retry_after)},
            )
        return super().handle_exception(exc)


def read_device_key(request: HttpRequest) -> str:
    """Return the device's key, after checking that one of our own pages asks."""
    origin = request.META.get("HTTP_ORIGIN")
    if (
        origin != f"{request.scheme}://{request.get_host()}"
        and origin not in settings.CSRF_TRUSTED_ORIGINS
    ):
        raise RefusedError(403, "origin", _("Only this site's own pages may send moments."))
    key = read_key(request)
    if key is None:
        raise RefusedError(401, "no_device", _("Open the page to add a moment first."))
    return key


def read_json(request: HttpRequest, *, at_most: int = MOST_BYTES) -> Any:
    """Return the body, parsed, if it is JSON and not too long."""
    if request.content_type != "application/json":
        raise RefusedError(415, "not_json", _("Send JSON."))
    if int(request.META.get("CONTENT_LENGTH") or 0) > at_most:
        raise RefusedError(413, "too_large", _("That is too much at once."))
    try:
        return json.loads(request.body)
    except (ValueError, RecursionError):
        raise RefusedError(400, "not_json", _("This is not JSON that can be read.")) from None


def find_own_device(request: HttpRequest) -> Device:
    """Return the known device that asks; a moment of an unknown one cannot be."""
    key = read_device_key(request)
    charge_log(request, key)
    device = find_device(key, network=find_network(request))
    if device is None:
        raise UnknownMomentError
    return device


def read_revision(request: HttpRequest) -> int:
    """Return the revision that If-Match names."""
    sent = request.META.get("HTTP_IF_MATCH")
    if sent is None:
        raise RefusedError(428, "no_revision", _("Say in If-Match which revision you change."))
    found = _REVISION.fullmatch(sent.strip())
    if found is None:
        raise RefusedError(400, "no_revision", _('If-Match takes one revision, such as "3".'))
    return int(found[1])


_REVISION = re.compile(r'"?(\d{1,9})"?', re.ASCII)


def answer(id_: uuid.UUID, revision: int, *, status: int = 200) -> Response:
    return Response(
        {"id": str(id_), "revision": revision}, status=status, headers={"ETag": f'"{revision}"'}
    )


# ------------------------------------------------------------------ description

_CODE: dict[str, Any] = {"type": ["string", "null"], "pattern": "^[A-Za-z0-9]{1,16}$"}
_FIELDS: dict[str, Any] = {
    **{name: {"enum": list(choices)} for name, choices in REQUIRED_CHOICES.items()},
    **{name: {"enum": [*choices, None]} for name, choices in OPTIONAL_CHOICES.items()},
    "place": _CODE | {"description": "Code of a public place; or give `area`."},
    "area": _CODE | {"description": "Code of a listed area (neighbourhood or larger)."},
    "occurred_on": {"type": "string", "format": "date", "description": "At most 30 days ago."},
    "hard_reasons": {"type": "array", "items": {"enum": list(REASONS)}},
}
_MOMENT: dict[str, Any] = {
    "type": "object",
    "properties": _FIELDS,
    "required": ["direction", "kind", "occurred_on"],
    "additionalProperties": False,
}
_DIFFICULTY: dict[str, Any] = {
    "type": "object",
    "properties": {name: _FIELDS[name] for name in ("place", "area", "occurred_on")}
    | {"reasons": _FIELDS["hard_reasons"] | {"minItems": 1}},
    "required": ["occurred_on", "reasons"],
    "additionalProperties": False,
}
_CHANGES = {key: value for key, value in _MOMENT.items() if key != "required"}
_ID = {"id": {"type": "string", "format": "uuid"}}
_WRITTEN = {
    "type": "object",
    "properties": _ID | {"revision": {"type": "integer"}},
    "required": ["id", "revision"],
}
_ERROR: dict[str, Any] = {
    "type": "object",
    "properties": {
        "code": {"type": "string"},
        "message": {"type": "string"},
        "fields": {"type": "object"},
        "revision": {"type": "integer"},
    },
    "required": ["code", "message"],
}
_BATCH = {
    "type": "object",
    "properties": {
        "interactions": {
            "type": "array",
            "minItems": 1,
            "maxItems": MOST_IN_A_BATCH,
            "items": _MOMENT
            | {"properties": _ID | _FIELDS, "required": ["id", *_MOMENT["required"]]},
        }
    },
    "required": ["interactions"],
    "additionalProperties": False,
}
_ANSWERS = {
    "type": "object",
    "properties": {
        "answers": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"status": {"type": "integer"}}
                | _ID
                | {"revision": {"type": "integer"}}
                | _ERROR["properties"],
                "required": ["id", "status"],
            },
        }
    },
    "required": ["answers"],
}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": schema}


_REFUSALS = {
    400: OpenApiResponse(_ERROR, "Something in it is not right."),
    401: OpenApiResponse(_ERROR, "No device cookie: open the log page first."),
    403: OpenApiResponse(_ERROR, "Not sent by one of this site's pages (Origin)."),
    413: OpenApiResponse(_ERROR, "Too large."),
    415: OpenApiResponse(_ERROR, "Not JSON."),
    429: OpenApiResponse(_ERROR, "Too many: wait as Retry-After says."),
}
_OF_ONE = {
    404: OpenApiResponse(_ERROR, "No such moment of this device; nothing was written."),
    410: OpenApiResponse(_ERROR, "It was deleted, and stays so."),
}
_IF_MATCH = OpenApiParameter(
    "If-Match", str, OpenApiParameter.HEADER, required=True, description="The revision changed."
)
# A cookie is no HTTP authentication, so the security scheme is named by hand.
_BY_COOKIE: Any = [{"device": []}]


# ------------------------------------------------------------------ end points


class InteractionView(DeviceView):
    """One moment of this device."""

    @extend_schema(
        operation_id="log_interaction",
        auth=_BY_COOKIE,
        request=_json(_MOMENT),
        responses={
            201: OpenApiResponse(_WRITTEN, "Written."),
            200: OpenApiResponse(_WRITTEN, "The same moment was written before."),
            409: OpenApiResponse(_ERROR, "The id holds another moment."),
        }
        | _REFUSALS
        | _OF_ONE,
    )
    def put(self, request: Request, id: uuid.UUID) -> Response:  # noqa: A002
        """Log a moment under an id made on the device. Sending it again is harmless."""
        http = request._request
        key = read_device_key(http)
        charge_log(http, key)
        facts = read_facts(read_json(http))
        with recognise(key, network=find_network(http)) as (device, _is_first):
            [outcome] = log_interactions(
                by=device.contributor, device=device, moments=[(id, facts)]
            )
            if outcome.error:
                raise outcome.error
        return answer(id, outcome.revision, status=201 if outcome.is_new else 200)

    @extend_schema(
        operation_id="correct_interaction",
        auth=_BY_COOKIE,
        parameters=[_IF_MATCH],
        request=_json(_CHANGES),
        responses={
            200: OpenApiResponse(_WRITTEN, "Changed."),
            412: OpenApiResponse(_ERROR, "It was changed since; `revision` is the standing one."),
            428: OpenApiResponse(_ERROR, "If-Match is missing."),
        }
        | _REFUSALS
        | _OF_ONE,
    )
    def patch(self, request: Request, id: uuid.UUID) -> Response:  # noqa: A002
        """Change some of a moment's facts; null takes an answer back."""
        http = request._request
        device = find_own_device(http)
        moment = correct_interaction(
            by=device.contributor,
            id=id,
            revision=read_revision(http),
            changes=read_changes(read_json(http)),
        )
        return answer(id, moment.revision)

    @extend_schema(
        operation_id="delete_interaction",
        auth=_BY_COOKIE,
        responses={204: OpenApiResponse(description="Deleted.")}
        | {status: _REFUSALS[status] for status in (401, 403, 429)}
        | _OF_ONE,
    )
    def delete(self, request: Request, id: uuid.UUID) -> Response:  # noqa: A002
        """Delete a moment for ever."""
        device = find_own_device(request._request)
        delete_moment(by=device.contributor, id=id)
        return Response(status=204)


class DifficultyView(DeviceView):
    """That somebody at this device wanted to, and it was hard."""

    @extend_schema(
        operation_id="log_difficulty",
        auth=_BY_COOKIE,
        request=_json(_DIFFICULTY),
        responses={
            200: OpenApiResponse(_WRITTEN, "Written, now or before."),
            409: OpenApiResponse(_ERROR, "The id holds another moment."),
        }
        | _REFUSALS
        | _OF_ONE,
    )
    def put(self, request: Request, id: uuid.UUID) -> Response:  # noqa: A002
        """Say what made it hard, under an id made on the device. The area alone is kept."""
        http = request._request
        key = read_device_key(http)
        charge_log(http, key)
        facts = read_difficulty(read_json(http))
        with recognise(key, network=find_network(http)) as (device, _is_first):
            difficulty = log_difficulty(
                by=device.contributor,
                id=id,
                device=device,
                spot=find_spot(place=facts["place"], area=facts["area"]),
                occurred_on=facts["occurred_on"],
                reasons=facts["reasons"],
            )
        return answer(id, difficulty.revision)


class InteractionBatchView(DeviceView):
    """What waited on a device while it was offline."""

    @extend_schema(
        operation_id="log_interactions",
        auth=_BY_COOKIE,
        request=_json(_BATCH),
        responses={200: OpenApiResponse(_ANSWERS, "An answer for each, in their order.")}
        | _REFUSALS,
    )
    def post(self, request: Request) -> Response:
        """Log up to 50 moments; each is answered by itself, as if it had come alone."""
        http = request._request
        key = read_device_key(http)
        sent = read_batch(read_json(http, at_most=MOST_BYTES_OF_BATCH))
        charge_log(http, key, amount=len(sent))
        answers: list[dict[str, Any]] = [{}] * len(sent)
        good: list[tuple[int, uuid.UUID, Facts]] = []
        for n, (id_, body) in enumerate(sent):
            try:
                good.append((n, id_, read_facts(body)))
            except InvalidMomentError as error:
                answers[n] = tell_outcome(Outcome(id_, error=error))
        with recognise(key, network=find_network(http)) as (device, is_first):
            outcomes = log_interactions(
                by=device.contributor,
                device=device,
                moments=[(id_, facts) for _n, id_, facts in good],
            )
            if is_first and not any(outcome.is_new for outcome in outcomes):
                transaction.set_rollback(True)
        for (n, _id, _facts), outcome in zip(good, outcomes, strict=True):
            answers[n] = tell_outcome(outcome)
        return Response({"answers": answers})


def read_batch(body: Any) -> list[tuple[uuid.UUID, dict[str, Any]]]:
    """Return the ids and facts of a batch; RefusedError where it is none."""
    moments = body.get("interactions") if isinstance(body, dict) and len(body) == 1 else None
    if not isinstance(moments, list) or not 1 <= len(moments) <= MOST_IN_A_BATCH:
        raise RefusedError(
            400, "no_batch", _("Send “interactions”: a list of 1 to 50 moments, each with its id.")
        )
    sent = []
    for moment in moments:
        if not isinstance(moment, dict) or not isinstance(id_ := moment.pop("id", None), str):
            raise RefusedError(400, "no_id", _("Each moment needs its id."))
        try:
            sent.append((uuid.UUID(id_), moment))
        except ValueError:
            raise RefusedError(400, "no_id", _("An id is a UUID.")) from None
    return sent


def tell_outcome(outcome: Outcome) -> dict[str, Any]:
    if outcome.error:
        status, body = tell(outcome.error)
        return {"id": str(outcome.id), "status": status, **body}
    return {
        "id": str(outcome.id),
        "status": 201 if outcome.is_new else 200,
        "revision": outcome.revision,
    }


urlpatterns = [
    path("interactions/batch/", InteractionBatchView.as_view(), name="interaction-batch"),
    path("difficulties/<uuid:id>/", DifficultyView.as_view(), name="difficulty"),
    path("interactions/<uuid:id>/", InteractionView.as_view(), name="interaction"),
]
