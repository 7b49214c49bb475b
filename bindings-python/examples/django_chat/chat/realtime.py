"""The live half of the chat: every Socket.IO event, in the order of a visit.

A browser connects, joins one room at a time, and is sent `history`; then `message` and `typing` go
both ways. Every request is answered through its acknowledgement: `{"ok": true, …}` or
`{"ok": false, "error": "…"}`. The other way round, a browser's acknowledgement of `history` and
`message` is what makes a message count as delivered.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from functools import wraps
from time import monotonic
from typing import Any, Protocol, TypeVar

import sansocket
from django.contrib.auth.models import User
from django.utils import timezone
from sansocket.exceptions import ConnectionRefusedError

from .authentication import Visitor, visitor_of
from .models import Message, Room
from .payloads import EarlierMessages, JoinRoom, RefusedError, SendMessage, Typing
from .presence import Presence
from .rate_limit import RateLimit

sio = sansocket.AsyncServer(
    async_mode="asgi",
    # Room for a message of the greatest length in any script, not for megabytes of anything.
    max_http_buffer_size=64 * 1024,
)

# One process is assumed: with several, a client manager carries the events from one to another,
# and these two would live in a shared store as well.
people = Presence()
SENDING = RateLimit(burst=10, per_second=2)
READING = RateLimit(burst=30, per_second=10)
TYPING = RateLimit(burst=10, per_second=2)

Answer = dict[str, Any]
Payload = TypeVar("Payload", covariant=True)


class Parser(Protocol[Payload]):
    def parse(self, payload: object) -> Payload: ...


def receives(
    payload_type: Parser[Payload], limit: RateLimit
) -> Callable[
    [Callable[[str, Visitor, Payload], Awaitable[Answer]]],
    Callable[..., Awaitable[Answer]],
]:
    """Stands between the network and a handler, which then sees only known visitors, a bearable
    rate and payloads that were checked."""

    def decorate(
        handle: Callable[[str, Visitor, Payload], Awaitable[Answer]],
    ) -> Callable[..., Awaitable[Answer]]:
        @wraps(handle)
        async def event(sid: str, payload: object = None, *_: object) -> Answer:
            session = await sio.get_session(sid)
            visitor: Visitor = session["visitor"]
            wait = limit.wait(visitor.user.pk, monotonic())
            if wait > 0:
                return {"ok": False, "error": "That was too fast.", "retryAfter": wait}
            try:
                return {"ok": True, **await handle(sid, visitor, payload_type.parse(payload))}
            except RefusedError as refusal:
                return {"ok": False, "error": str(refusal)}

        return event

    return decorate


@sio.event
async def connect(sid: str, environ: dict[str, Any], auth: object) -> None:
    visitor = await visitor_of(environ["asgi.scope"])
    if visitor is None:
        raise ConnectionRefusedError("Please sign in.", {"code": "signed_out"})
    await sio.save_session(sid, {"visitor": visitor})
    await sio.enter_room(sid, _windows_of(visitor.user))
    people.arrive(sid, visitor)


@sio.event
@receives(JoinRoom, READING)
async def join(sid: str, visitor: Visitor, wanted: JoinRoom) -> Answer:
    room = await _room(wanted.room)
    left = people.enter(sid, room.slug)
    if left is not None:
        await sio.leave_room(sid, _viewers(left))
    # Entered before the history is read: a message of this very moment may come twice, which the
    # page recognises by its id, but never not at all.
    await sio.enter_room(sid, _viewers(room.slug))
    await sio.emit("people", people.as_json())
    messages, more = await Message.objects.page(room, after=wanted.after)

    async def shown(*_: object) -> None:
        await _mark_delivered(message for message in messages if message.author != visitor.user)

    await sio.emit(
        "history",
        {"room": room.slug, "messages": [message.as_json() for message in messages], "more": more},
        to=sid,
        callback=shown,
    )
    return {}


@sio.event
@receives(EarlierMessages, READING)
async def earlier(sid: str, visitor: Visitor, wanted: EarlierMessages) -> Answer:
    room = await _room(wanted.room)
    messages, more = await Message.objects.page(room, before=wanted.before)
    return {"messages": [message.as_json() for message in messages], "more": more}


@sio.event
@receives(SendMessage, SENDING)
async def message(sid: str, visitor: Visitor, sent: SendMessage) -> Answer:
    room = await _room(sent.room)
    # A browser that lost our answer sends again: it gets the answer again, and nobody else hears
    # the message twice.
    saved, is_new = await Message.objects.select_related("room", "author").aget_or_create(
        author=visitor.user,
        client_id=sent.client_id,
        defaults={"room": room, "text": sent.text},
    )
    if is_new:
        await _announce(saved, sid)
    return {"message": saved.as_json()}


@sio.event
@receives(Typing, TYPING)
async def typing(sid: str, visitor: Visitor, told: Typing) -> Answer:
    room = people.room(sid)
    if room is not None:
        await sio.emit(
            "typing",
            {"room": room, "name": visitor.user.get_username(), "active": told.active},
            room=_viewers(room),
            skip_sid=people.sids_of_user(visitor.user.pk),
        )
    return {}


@sio.event
async def disconnect(sid: str, reason: str) -> None:
    people.leave(sid)
    await sio.emit("people", people.as_json())


async def announce_room(room: Room) -> None:
    """Tells every open page about a room that a view has just created."""
    await sio.emit("room_created", {"name": room.name, "slug": room.slug, "topic": room.topic})


async def end_session(session_key: str) -> None:
    """Disconnects every window of a session that has just been signed out."""
    for sid in people.sids_of_session(session_key):
        await sio.disconnect(sid)


async def _announce(saved: Message, sid: str) -> None:
    """Tells everybody else: those in the room the text, those elsewhere that there is news."""
    author_windows = people.sids_of_user(saved.author.pk)

    async def received(*_: object) -> None:
        await _mark_delivered([saved])

    await sio.emit(
        "message",
        saved.as_json(),
        room=_viewers(saved.room.slug),
        # Delivered means to somebody else, so the author's own windows are told separately.
        skip_sid=author_windows,
        callback=received,
    )
    await sio.emit("message", saved.as_json(), room=_windows_of(saved.author), skip_sid=sid)
    await sio.emit(
        "activity",
        {"room": saved.room.slug},
        skip_sid=author_windows + people.sids_in_room(saved.room.slug),
    )


async def _mark_delivered(messages: Iterable[Message]) -> None:
    """Remembers the first acknowledgement of each message and gives its author the second tick."""
    now = timezone.now()
    ids = defaultdict(list)
    for message in messages:
        if message.delivered is None:
            message.delivered = now
            ids[message.author].append(message.pk)
    for author, authored in ids.items():
        # Another window may have been faster, with its own copy of the message.
        if await Message.objects.filter(pk__in=authored, delivered=None).aupdate(delivered=now):
            await sio.emit("delivered", {"ids": authored}, room=_windows_of(author))


async def _room(slug: str) -> Room:
    room = await Room.objects.filter(slug=slug).afirst()
    if room is None:
        raise RefusedError(f"There is no room “{slug}”.")
    return room


def _viewers(slug: str) -> str:
    """The Socket.IO room of all windows that show a chat room."""
    return f"room:{slug}"


def _windows_of(user: User) -> str:
    """The Socket.IO room of all windows of a user."""
    return f"user:{user.pk}"
