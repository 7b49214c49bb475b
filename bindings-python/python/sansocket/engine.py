"""One core on one event loop: its outputs are written, its timer is kept, its events are told."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from threading import get_ident
from typing import Protocol
from urllib.parse import quote

from sansocket import _core
from sansocket.asgi_types import Headers, Output, Response, Scope


class Connection(Protocol):
    """What the engine writes to. The engine fills `pending` and then calls `flush`, once per turn."""

    pending: list[str | bytes]

    def flush(self) -> None:
        """Send what is pending."""

    def close(self, code: int, reason: str) -> None:
        """Send what is pending and end the connection."""


class Engine:
    """Drives a `_core.Server`.

    Everything but `wake` belongs to the thread of the event loop. The application may queue commands on
    `core` from any thread and then calls `wake`; what they produce is written in the loop's next turn, so
    that many commands in a row leave in one write per connection.
    """

    def __init__(
        self, core: _core.Server, on_event: Callable[[Output], None], logger: logging.Logger
    ) -> None:
        self.core = core
        self.loop: asyncio.AbstractEventLoop | None = None
        self.opening: Scope | None = None
        """The request that is being handed over: a session that opens now was opened by it."""
        self._on_event = on_event
        self._logger = logger
        self._thread = 0
        self._connections: dict[int, Connection] = {}
        self._replies: dict[int, asyncio.Future[Response]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._awake = False

    def start(self) -> None:
        """Bind the engine to the running event loop; every request and upgrade begins with this."""
        loop = asyncio.get_running_loop()
        if loop is self.loop:
            return
        if self.loop is not None and not self.loop.is_closed():
            raise RuntimeError("a server belongs to the event loop that served its first request")
        self.loop = loop
        self._thread = get_ident()
        self._timer = None
        self._awake = False
        self.process(self.core.timeout())

    def request(self, scope: Scope) -> tuple[int, asyncio.Future[Response]]:
        """Hand over a polling request; the future gets its answer."""
        self.start()
        request, outputs = self.core.request(
            scope["method"], _target(scope), scope["http_version"], scope["headers"]
        )
        reply = asyncio.get_running_loop().create_future()
        self._replies[request] = reply
        self._process_opening(scope, outputs)
        return request, reply

    def upgrade(
        self, scope: Scope, octets: bool, extra_headers: Headers, connect: Callable[[int], Connection]
    ) -> Response | None:
        """Hand over a WebSocket request; returns the answer that refuses it, if it is refused.

        Otherwise `connect` makes the connection for its key. With `octets` the connection writes octets,
        the 101 response with the extra headers first; without, messages.
        """
        self.start()
        key, refusal, outputs = self.core.upgrade(
            "GET", _target(scope), scope["http_version"], scope["headers"], octets, extra_headers
        )
        if key is not None:
            self._connections[key] = connect(key)
        self._process_opening(scope, outputs)
        return refusal

    def abort(self, request: int) -> None:
        """Tell the core that the client went away before its answer."""
        if self._replies.pop(request, None) is not None:
            self.process(self.core.abort(request))

    def lost(self, key: int) -> None:
        """Tell the core that a connection has ended."""
        if self._connections.pop(key, None) is not None:
            self.process(self.core.eof(key))

    def wake(self) -> None:
        """Have the outputs of queued commands written soon. Any thread may call this."""
        if self.loop is None:
            # Nobody has connected yet: there is nothing to write, only calls to nobody to settle.
            self._drain()
            return
        if self._awake:
            return
        self._awake = True
        if get_ident() == self._thread:
            self.loop.call_soon(self._drain)
        else:
            self.loop.call_soon_threadsafe(self._drain)

    def process(self, outputs: Iterable[Output]) -> None:
        """Carry out what the core said."""
        dirty: list[Connection] = []
        self._dispatch(outputs, dirty)
        while self._awake:
            # A handler that ran just now has queued more for the same write.
            self._awake = False
            self._dispatch(self.core.drain(), dirty)
        for connection in dirty:
            connection.flush()

    def shutdown(self) -> None:
        """Close every session and connection."""
        self.process(self.core.shutdown())

    def _process_opening(self, scope: Scope, outputs: Iterable[Output]) -> None:
        self.opening = scope
        try:
            self.process(outputs)
        finally:
            self.opening = None

    def _drain(self) -> None:
        self._awake = False
        self.process(self.core.drain())

    def _dispatch(self, outputs: Iterable[Output], dirty: list[Connection]) -> None:
        for output in outputs:
            kind = output[0]
            if kind == _core.WRITE:
                self._write(output[1], output[2], dirty)
            elif kind == _core.BROADCAST:
                frame = output[2]
                for key in output[1]:
                    self._write(key, frame, dirty)
            elif kind == _core.REPLY:
                _, request, status, headers, body = output
                reply = self._replies.pop(request, None)
                if reply is not None and not reply.done():
                    reply.set_result((status, headers, body))
            elif kind == _core.CLOSE:
                _, key, code, reason = output
                connection = self._connections.pop(key, None)
                if connection is not None:
                    connection.close(code, reason)
            elif kind == _core.TIMER:
                self._arm(output[1])
            elif kind == _core.REFUSED:
                self._logger.info("refused: %s", output[3].encode("unicode_escape").decode())
            else:
                self._tell(output)

    def _write(self, key: int, frame: str | bytes, dirty: list[Connection]) -> None:
        connection = self._connections.get(key)
        if connection is not None:
            if not connection.pending:
                dirty.append(connection)
            connection.pending.append(frame)

    def _tell(self, event: Output) -> None:
        try:
            self._on_event(event)
        except Exception:
            # The other outputs of the batch belong to other clients.
            self._logger.exception("an event could not be handled")

    def _arm(self, delay: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self.loop is not None:
            self._timer = self.loop.call_later(delay, self._timeout)

    def _timeout(self) -> None:
        self._timer = None
        self.process(self.core.timeout())


def _target(scope: Scope) -> str:
    raw: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
    query: bytes = scope.get("query_string", b"")
    return (raw + b"?" + query if query else raw).decode("latin-1")
