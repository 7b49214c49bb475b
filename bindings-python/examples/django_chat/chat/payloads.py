"""What browsers may send: every event's payload as a type that cannot be wrong.

Anybody can open a socket and send any JSON, so each payload is read here, once, before a handler
sees it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

from .models import MESSAGE_MAX_LENGTH


class RefusedError(Exception):
    """What was sent breaks a rule; the text says which one and is shown to the user."""


@dataclass(frozen=True)
class JoinRoom:
    """`join`: show me this room, and its messages after the last one I have."""

    room: str
    after: int | None

    @classmethod
    def parse(cls, payload: object) -> Self:
        fields = _fields(payload)
        return cls(room=_room(fields), after=_message_id(fields, "after"))


@dataclass(frozen=True)
class EarlierMessages:
    """`earlier`: the messages of this room before the first one I have."""

    room: str
    before: int | None

    @classmethod
    def parse(cls, payload: object) -> Self:
        fields = _fields(payload)
        return cls(room=_room(fields), before=_message_id(fields, "before"))


@dataclass(frozen=True)
class SendMessage:
    """`message`: say this in that room."""

    room: str
    client_id: UUID
    text: str

    @classmethod
    def parse(cls, payload: object) -> Self:
        fields = _fields(payload)
        return cls(room=_room(fields), client_id=_client_id(fields), text=_text(fields))


@dataclass(frozen=True)
class Typing:
    """`typing`: I began to write in the room I am in, or stopped."""

    active: bool

    @classmethod
    def parse(cls, payload: object) -> Self:
        active = _fields(payload).get("active")
        if not isinstance(active, bool):
            raise RefusedError("“active” must be true or false.")
        return cls(active=active)


def _fields(payload: object) -> Mapping[str, Any]:
    if not isinstance(payload, dict):
        raise RefusedError("The payload must be an object.")
    return payload


def _room(fields: Mapping[str, Any]) -> str:
    room = fields.get("room")
    if not isinstance(room, str) or not SLUG.fullmatch(room):
        raise RefusedError("“room” must be the short name of a room.")
    return room


def _message_id(fields: Mapping[str, Any], name: str) -> int | None:
    value = fields.get(name)
    if value is None:
        return None
    # JSON's true is an int to Python, and a larger number does not fit the database's column.
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**63:
        raise RefusedError(f"“{name}” must be the number of a message.")
    return value


def _client_id(fields: Mapping[str, Any]) -> UUID:
    value = fields.get("clientId")
    if not isinstance(value, str) or not CANONICAL_UUID.fullmatch(value):
        raise RefusedError("“clientId” must be a UUID.")
    return UUID(value)


def _text(fields: Mapping[str, Any]) -> str:
    value = fields.get("text")
    if not isinstance(value, str):
        raise RefusedError("“text” must be a text.")
    text = value.strip()
    if not text:
        raise RefusedError("The message is empty.")
    if len(text) > MESSAGE_MAX_LENGTH:
        raise RefusedError(f"The message is longer than {MESSAGE_MAX_LENGTH} characters.")
    if UNPRINTABLE.search(text):
        raise RefusedError("The message contains characters that cannot be shown.")
    return text


SLUG = re.compile(r"[-a-zA-Z0-9_]{1,40}")
CANONICAL_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# Controls other than tab and newline, and lone surrogates: JSON can spell "\ud800", UTF-8 cannot.
UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
