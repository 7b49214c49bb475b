"""Who is connected: what the server keeps about each client and each of its sockets."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from typing import Any

from sansocket.environ import Environ

StartHandler = Callable[[], Coroutine[Any, Any, None] | None]
"""Calls a handler; returns the rest of its work if it is a coroutine function."""


@dataclass(slots=True, eq=False)
class Client:
    """One Engine.IO session: a client, whatever transport it uses at the moment."""

    key: int
    sid: str
    environ: Environ
    backlog: deque[StartHandler] = field(default_factory=deque)
    """Handlers that wait for their turn; only when handlers run in order."""
    runner: asyncio.Task[None] | None = None


@dataclass(slots=True, eq=False)
class Socket:
    """One client in one namespace."""

    key: int
    sid: str
    namespace: str
    client: Client
    session: dict[str, Any] = field(default_factory=dict)
    accepted: bool = False
    held: list[Callable[[], None]] = field(default_factory=list)
    """What its `connect` handler emitted to it: sent once it is accepted."""
    rooms_at_end: list[str] | None = None
    """The rooms it was in when it disconnected; None while it is connected."""


class Clients:
    """The clients and sockets of one server, by key and by name.

    A socket stays here until its `disconnect` handler has returned, so that the handler can still read
    its session, its rooms and its `environ`.
    """

    def __init__(self) -> None:
        self.by_session: dict[int, Client] = {}
        self.by_socket: dict[int, Socket] = {}
        self._by_name: dict[tuple[str, str], Socket] = {}

    def add(self, socket: Socket) -> None:
        """Remember a socket."""
        self.by_socket[socket.key] = socket
        self._by_name[socket.namespace, socket.sid] = socket

    def forget(self, socket: Socket) -> None:
        """Forget a socket."""
        self.by_socket.pop(socket.key, None)
        self._by_name.pop((socket.namespace, socket.sid), None)

    def find(self, sid: str, namespace: str) -> Socket | None:
        """Return the socket with this id in this namespace."""
        return self._by_name.get((namespace, sid))

    def get(self, sid: str, namespace: str) -> Socket:
        """Return the socket with this id in this namespace, or raise KeyError."""
        socket = self.find(sid, namespace)
        if socket is None:
            raise KeyError(f"no client {sid!r} is connected to namespace {namespace!r}")
        return socket

    def __iter__(self) -> Iterator[Socket]:
        """Iterate over the sockets."""
        return iter(self.by_socket.values())
