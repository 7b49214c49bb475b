from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .authentication import Visitor


@dataclass
class Presence:
    """Who is here: the sockets of this process, whose they are, and which room each one shows."""

    _places: dict[str, _Place] = field(default_factory=dict)

    def arrive(self, sid: str, visitor: Visitor) -> None:
        self._places[sid] = _Place(visitor, room=None)

    def enter(self, sid: str, room: str) -> str | None:
        """Notes that the socket shows `room` from now on; returns the room it showed before."""
        place = self._places.get(sid)
        if place is None:
            # It left while its request was being answered: it must not come back as a ghost.
            return None
        before, place.room = place.room, room
        return before

    def leave(self, sid: str) -> None:
        self._places.pop(sid, None)

    def room(self, sid: str) -> str | None:
        place = self._places.get(sid)
        return place.room if place else None

    def sids_of_user(self, user_id: int) -> list[str]:
        return [sid for sid, place in self._places.items() if place.visitor.user.pk == user_id]

    def sids_of_session(self, session_key: str) -> list[str]:
        return [
            sid for sid, place in self._places.items() if place.visitor.session_key == session_key
        ]

    def sids_in_room(self, room: str) -> list[str]:
        return [sid for sid, place in self._places.items() if place.room == room]

    def as_json(self) -> list[dict[str, Any]]:
        """Everybody once, by name, however many windows they have open."""
        rooms: dict[str, set[str]] = {}
        for place in self._places.values():
            if place.room is not None:
                rooms.setdefault(place.visitor.user.get_username(), set()).add(place.room)
        return [{"name": name, "rooms": sorted(rooms[name])} for name in sorted(rooms)]


@dataclass
class _Place:
    visitor: Visitor
    room: str | None
