"""A WebSocket protocol class for uvicorn: `uvicorn --ws sansocket.uvicorn:WebSocketProtocol`.

It serves any ASGI application, on asyncio or uvloop. A Socket.IO server of ours behind it takes over the
transport, so that its frames need no ASGI messages.
"""

import asyncio
import logging
import os
from collections import deque
from collections.abc import Callable, Iterable
from enum import Enum
from typing import Any, Final, cast
from urllib.parse import unquote

from uvicorn.config import Config
from uvicorn.protocols.utils import (
    ClientDisconnected,
    get_client_addr,
    get_local_addr,
    get_path_with_query_string,
    get_remote_addr,
    is_ssl,
)
from uvicorn.server import ServerState

from sansocket import _core
from sansocket.asgi import TRANSPORT_EXTENSION
from sansocket.asgi_types import Message, Scope
from sansocket.connections import LINGER, TransportConnection
from sansocket.engine import Engine


class State(Enum):
    """How far a connection has come, as the application sees it."""

    CONNECTING = "connecting"
    """The application has not answered the handshake."""
    DENYING = "denying"
    """The application answers with an HTTP response."""
    OPEN = "open"
    ENDING = "ending"
    """The peer has closed or broken a rule; the application may answer the messages that came before."""
    CLOSING = "closing"
    """The application has closed; the peer may still have to answer."""
    CLOSED = "closed"
    """It is over, or the server is stopping."""


class WebSocketProtocol(asyncio.Protocol):
    """One WebSocket connection under uvicorn.

    uvicorn's settings mean what they mean to its own classes: `ws_max_size`, `ws_ping_interval`,
    `ws_ping_timeout`, `ws_per_message_deflate`. `close_timeout` is how many seconds a peer may take to
    answer a close.
    """

    max_fragments = 16_384
    """How many frames one message may be cut into; a subclass may say otherwise."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        if not config.loaded:
            config.load()
        self.config = config
        self.app: Any = config.loaded_app
        self.loop = _loop or asyncio.get_running_loop()
        self.logger = logging.getLogger("uvicorn.error")
        self.app_state = app_state
        self.connections: set[Any] = server_state.connections
        self.tasks = server_state.tasks
        self.default_headers = server_state.default_headers

        self.transport: asyncio.Transport
        self.scope: Scope = {}
        self.close_timeout = 10.0
        self.close_timer: asyncio.TimerHandle | None = None
        self.ping_timer: asyncio.TimerHandle | None = None
        self.ping_sent_at = 0.0

        self._state = State.CONNECTING
        self._linger_timer: asyncio.TimerHandle | None = None
        self._upgrade: _core.Upgrade | None = None
        self._websocket: _core.WebSocket | None = None
        self._early = bytearray()
        self._denial: Denial | None = None
        self._incoming: deque[Message] = deque()
        self._receivers: list[asyncio.Future[None]] = []
        self._disconnect: Message | None = None
        self._outgoing: list[bytes] = []
        self._outgoing_bytes = 0
        self._flush_handle: asyncio.Handle | None = None
        self._writers: list[asyncio.Future[None]] = []
        self._write_paused = False
        self._read_paused = False
        self._ping_payload: bytes | None = None

    # What uvicorn and the transport call

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport over from uvicorn's HTTP protocol."""
        self.transport = cast(asyncio.Transport, transport)
        self.connections.add(self)

    def data_received(self, data: bytes) -> None:
        """Take the request's head first, then frames."""
        if self._upgrade is None:
            self._handle_head(data)
        elif self._websocket is not None:
            self._handle_frames(self._websocket, data)
        elif self._state is State.CONNECTING:
            # Frames before our 101: kept for the connection that may come, within bounds.
            self._early += data
            if len(self._early) > HIGH_WATER:
                self._pause_reading()

    def eof_received(self) -> None:
        """Let the transport close: a WebSocket has no use for half a connection."""

    def connection_lost(self, exc: Exception | None) -> None:
        """End everything that waits for this connection."""
        self.connections.discard(self)
        self._stop_keepalive()
        self._cancel_close_timer()
        if self._linger_timer is not None:
            self._linger_timer.cancel()
        opened = self._state not in (State.CONNECTING, State.DENYING)
        self._end(1005 if opened else 1006)
        self._state = State.CLOSED
        self.scope.get("extensions", {}).pop(TRANSPORT_EXTENSION, None)
        # asyncio does not resume a transport that is lost while it is paused.
        self.resume_writing()

    def pause_writing(self) -> None:
        """Let `send` wait."""
        self._write_paused = True

    def resume_writing(self) -> None:
        """Let `send` go on."""
        self._write_paused = False
        _wake(self._writers)

    def shutdown(self) -> None:
        """Close because the server stops."""
        self._stop_keepalive()
        if self._state is State.CONNECTING:
            self._respond_500()
        elif self._state is State.OPEN:
            self._close_with(1012, "")
            self._end(1012)
        elif self._state is State.ENDING:
            self._finish()
        self._close_transport()

    # The handshake

    def _handle_head(self, data: bytes) -> None:
        self._upgrade = upgrade = _core.Upgrade(data)
        if upgrade.refusal is not None:
            self._state = State.CLOSED
            self.transport.write(upgrade.refusal)
            self._close_transport()
            return
        raw_path, _, query = upgrade.target.partition("?")
        root_path = self.config.root_path
        self.scope = {
            "type": "websocket",
            "asgi": {"version": self.config.asgi_version, "spec_version": "2.4"},
            "http_version": "1.1",
            "scheme": "wss" if is_ssl(self.transport) else "ws",
            "server": get_local_addr(self.transport),
            "client": get_remote_addr(self.transport),
            "root_path": root_path,
            "path": root_path + unquote(raw_path),
            "raw_path": (root_path + raw_path).encode("latin-1"),
            "query_string": query.encode("latin-1"),
            "headers": upgrade.headers,
            "subprotocols": upgrade.subprotocols,
            "state": self.app_state.copy(),
            "extensions": {"websocket.http.response": {}, TRANSPORT_EXTENSION: self},
        }
        self._deliver({"type": "websocket.connect"})
        task = self.loop.create_task(self._run_app())
        task.add_done_callback(self.tasks.discard)
        self.tasks.add(task)

    def _accept(self, upgrade: _core.Upgrade, message: Message) -> None:
        head, self._websocket = upgrade.accept(
            message.get("subprotocol"),
            [*self.default_headers, *message.get("headers", ())],
            max_message_bytes=self.config.ws_max_size,
            max_fragments=self.max_fragments,
            per_message_deflate=self.config.ws_per_message_deflate,
        )
        self._log_outcome("[accepted]")
        self._state = State.OPEN
        self.transport.write(head)
        self._schedule_ping()
        early, self._early = bytes(self._early), bytearray()
        if early:
            self._handle_frames(self._websocket, early)
            self._resume_reading()

    def take_over(self, engine: Engine, scope: Scope) -> None:
        """Give the transport to a server of ours: frames go in and out without this class."""
        assert self._upgrade is not None
        if self._state is not State.CONNECTING:
            return
        self._state = State.CLOSED
        refusal = engine.upgrade(scope, True, self.default_headers, lambda key: self._hand_over(engine, key))
        if refusal is not None:
            status, headers, body = refusal
            self._log_outcome(str(status))
            self.transport.write(_core.response_head(status, [*self.default_headers, *headers]) + body)
            self._close_transport()

    def _hand_over(self, engine: Engine, key: int) -> TransportConnection:
        self._log_outcome("[accepted]")
        self.connections.discard(self)
        connection = TransportConnection(engine, key, self.transport, self.connections)
        self.transport.set_protocol(connection)
        if self._early:
            self.loop.call_soon(connection.data_received, bytes(self._early))
            self._resume_reading()
        return connection

    # Frames

    def _handle_frames(self, websocket: _core.WebSocket, data: bytes) -> None:
        awaited = bool(self._receivers)
        for event in websocket.feed(data):
            kind = event[0]
            if kind == _core.WS_TEXT:
                self._deliver({"type": "websocket.receive", "text": event[1]})
            elif kind == _core.WS_BINARY:
                self._deliver({"type": "websocket.receive", "bytes": event[1]})
            elif kind == _core.WS_OCTETS:
                self._write(event[1])
            elif kind == _core.WS_PONG:
                self._handle_pong(event[1])
            else:
                self._handle_closed(*event[1:])
        if self._incoming and not awaited and self._state is State.OPEN:
            # The application is busy with something else: let the peer feel it.
            self._pause_reading()

    def _handle_closed(self, code: int, reason: str) -> None:
        """End the connection: the peer has closed, answered our close, or broken a rule."""
        self._stop_keepalive()
        if self._state is State.OPEN and self._incoming:
            # Good messages before a bad frame or a close are answered before our close frame leaves.
            self._state = State.ENDING
            self._disconnect = {"type": "websocket.disconnect", "code": code, "reason": reason}
            self.close_timer = self.loop.call_later(ANSWER_TIME, self._finish)
        else:
            self._end(code, reason)
            self._finish()

    def _finish(self) -> None:
        """Send what is left to be sent to a peer that has ended the connection."""
        assert self._websocket is not None
        self._write(self._websocket.finish())
        if self._state is State.ENDING:
            self._state = State.CLOSED
        self._close_transport()

    def _close_with(self, code: int, reason: str) -> None:
        """Send a close frame; ValueError if no close frame may say this."""
        assert self._websocket is not None
        octets = self._websocket.close(code, reason)
        self._stop_keepalive()
        self._write(octets)

    # Heartbeats

    def _schedule_ping(self) -> None:
        interval = self.config.ws_ping_interval
        if interval:
            self.ping_timer = self.loop.call_later(interval, self._ping)

    def _ping(self) -> None:
        self.ping_timer = None
        if self._state is not State.OPEN or self._websocket is None:
            return
        self.ping_sent_at = self.loop.time()
        self._ping_payload = os.urandom(4)
        self._write(self._websocket.ping(self._ping_payload))
        if self.config.ws_ping_timeout is None:
            self._schedule_ping()
        else:
            self.ping_timer = self.loop.call_later(self.config.ws_ping_timeout, self._ping_timed_out)

    def _handle_pong(self, payload: bytes) -> None:
        if self._ping_payload is None or payload != self._ping_payload:
            return
        self._ping_payload = None
        if self.config.ws_ping_timeout is not None:
            self._stop_keepalive()
            self._schedule_ping()

    def _ping_timed_out(self) -> None:
        self.ping_timer = None
        if self._state is State.OPEN:
            self._close_with(1011, "keepalive ping timeout")
            self._end(1011, "keepalive ping timeout")
            self._close_transport()

    def _stop_keepalive(self) -> None:
        if self.ping_timer is not None:
            self.ping_timer.cancel()
            self.ping_timer = None
        self._ping_payload = None

    # The application

    async def _run_app(self) -> None:
        try:
            result = await self.app(self.scope, self.receive, self.send)
        except ClientDisconnected:
            pass
        except BaseException:
            self.logger.exception("Exception in ASGI application\n")
            self._respond_500()
        else:
            if self._state is State.CONNECTING:
                self.logger.error("ASGI callable returned without completing handshake.")
                self._respond_500()
            elif result is not None:
                self.logger.error("ASGI callable should return None, but returned '%s'.", result)
        if self._state is State.ENDING:
            self._finish()
        if self._denial is not None:
            self._denial.finish(self._write)
        if self in self.connections and self.close_timer is None:
            self._close_transport()

    async def receive(self) -> Message:
        """Give the application its next event; after the end, that of the end again."""
        if not self._incoming and self._disconnect is None:
            # It has caught up: whatever it said in answer leaves in one write.
            self._flush()
            while not self._incoming and self._disconnect is None:
                await self._wait(self._receivers)
        if self._incoming:
            message = self._incoming.popleft()
            if not self._incoming:
                self._resume_reading()
            return message
        assert self._disconnect is not None
        if self._state is State.ENDING:
            self._finish()
        return self._disconnect

    async def send(self, message: Message) -> None:
        """Take an event of the application; waits while the peer is slow to read."""
        while self._write_paused:
            await self._wait(self._writers)
        kind = message["type"]
        if self._state is State.OPEN:
            if kind == "websocket.send":
                self._send_message(message)
            elif kind == "websocket.close":
                self._close(message.get("code", 1000), message.get("reason") or "")
            else:
                raise RuntimeError(
                    f"Expected ASGI message 'websocket.send' or 'websocket.close', but got '{kind}'."
                )
        elif self._state is State.ENDING:
            if kind == "websocket.send":
                self._send_message(message)
            else:
                self._finish()
        elif self._state is State.CONNECTING:
            self._answer_handshake(message)
        elif self._state is State.DENYING:
            assert self._denial is not None
            if kind != "websocket.http.response.body":
                raise RuntimeError(f"Expected ASGI message 'websocket.http.response.body' but got '{kind}'.")
            if not self._denial.add(message.get("body", b""), message.get("more_body", False), self._write):
                self._end_denied()
        elif self._state is State.CLOSED:
            raise ClientDisconnected
        else:
            raise RuntimeError(f"Unexpected ASGI message '{kind}', after sending 'websocket.close'.")

    def _answer_handshake(self, message: Message) -> None:
        assert self._upgrade is not None
        kind = message["type"]
        if kind == "websocket.accept":
            self._accept(self._upgrade, message)
        elif kind == "websocket.close":
            self._log_outcome("403")
            denial = Denial(403, [*self.default_headers])
            denial.add(b"", False, self._write)
            self._end_denied()
        elif kind == "websocket.http.response.start":
            status = message["status"]
            if not 100 <= status < 600:
                raise RuntimeError(f"Invalid HTTP status code '{status}' in response.")
            self._denial = Denial(status, [*self.default_headers, *message.get("headers", ())])
            self._log_outcome(str(status))
            self._state = State.DENYING
            self._denial.start(self._write)
        else:
            raise RuntimeError(
                "Expected ASGI message 'websocket.accept', 'websocket.close' "
                f"or 'websocket.http.response.start' but got '{kind}'."
            )

    def _send_message(self, message: Message) -> None:
        assert self._websocket is not None
        data = message.get("bytes")
        if data is not None:
            self._write(self._websocket.send_binary(data))
        else:
            self._write(self._websocket.send_text(message["text"]))

    def _close(self, code: int, reason: str) -> None:
        self._close_with(code, reason)
        self._flush()
        self._state = State.CLOSING
        self._disconnect = {"type": "websocket.disconnect", "code": code, "reason": reason}
        # Nobody reads them any more, and reading must go on for the peer's answer.
        self._incoming.clear()
        self._resume_reading()
        self.close_timer = self.loop.call_later(self.close_timeout, self._close_transport)

    def _end_denied(self) -> None:
        self._end(1006)
        self._close_transport()

    def _respond_500(self) -> None:
        if self._state is State.CONNECTING:
            denial = Denial(500, [(b"content-type", b"text/plain; charset=utf-8")])
            denial.add(b"Internal Server Error", False, self._write)
            self._end_denied()

    def _end(self, code: int, reason: str | None = None) -> None:
        """Tell the application, once, that it is over."""
        if self._state is not State.CLOSING:
            self._state = State.CLOSED
        if self._disconnect is None:
            self._disconnect = {"type": "websocket.disconnect", "code": code}
            if reason is not None:
                self._disconnect["reason"] = reason
        _wake(self._receivers)

    # Queues

    def _deliver(self, message: Message) -> None:
        if self._disconnect is None:
            self._incoming.append(message)
            _wake(self._receivers)

    async def _wait(self, waiters: "list[asyncio.Future[None]]") -> None:
        future = self.loop.create_future()
        waiters.append(future)
        await future

    def _write(self, octets: bytes) -> None:
        self._outgoing.append(octets)
        self._outgoing_bytes += len(octets)
        if self._outgoing_bytes > HIGH_WATER:
            # An application that never lets the loop turn must still meet the transport's limits.
            self._flush()
        elif self._flush_handle is None:
            self._flush_handle = self.loop.call_soon(self._flush)

    def _flush(self) -> None:
        if self._flush_handle is not None:
            self._flush_handle.cancel()
            self._flush_handle = None
        if self._outgoing:
            octets, self._outgoing = self._outgoing, []
            self._outgoing_bytes = 0
            self.transport.write(octets[0] if len(octets) == 1 else b"".join(octets))

    def _close_transport(self) -> None:
        self._cancel_close_timer()
        self._flush()
        if not self.transport.is_closing():
            self.transport.close()
            # A peer that reads nothing must not keep the transport open for ever.
            self._linger_timer = self.loop.call_later(LINGER, self._abort_transport)

    def _abort_transport(self) -> None:
        self.transport.abort()

    def _cancel_close_timer(self) -> None:
        if self.close_timer is not None:
            self.close_timer.cancel()
            self.close_timer = None

    def _pause_reading(self) -> None:
        if not self._read_paused:
            self._read_paused = True
            self.transport.pause_reading()

    def _resume_reading(self) -> None:
        if self._read_paused:
            self._read_paused = False
            if not self.transport.is_closing():
                self.transport.resume_reading()

    def _log_outcome(self, outcome: str) -> None:
        path = get_path_with_query_string(self.scope)  # type: ignore[arg-type]
        self.logger.info('%s - "WebSocket %s" %s', get_client_addr(self.scope), path, outcome)  # type: ignore[arg-type]


class Denial:
    """An HTTP response instead of a WebSocket.

    Its head leaves as soon as the length of the body is known: at once if a header says it, else with the
    first part of the body if that is the only one. A longer body without a length ends with the connection.
    """

    def __init__(self, status: int, headers: "Iterable[tuple[bytes, bytes]]") -> None:
        self._status = status
        self._headers = [(name, value) for name, value in headers if name.lower() != b"connection"]
        self._headers.append((b"connection", b"close"))
        self._started = False

    def start(self, write: Callable[[bytes], None]) -> None:
        """Send the head, if it says how long the body is."""
        if any(name.lower() == b"content-length" for name, _ in self._headers):
            self._send_head(write)

    def add(self, body: bytes, more: bool, write: Callable[[bytes], None]) -> bool:
        """Send a part of the body; returns whether more may come."""
        if not self._started:
            has_length = any(name.lower() == b"content-length" for name, _ in self._headers)
            if not more and not has_length:
                self._headers.append((b"content-length", str(len(body)).encode()))
            self._send_head(write)
        if body:
            write(body)
        return more

    def finish(self, write: Callable[[bytes], None]) -> None:
        """Send the head, if nothing of the body ever came."""
        if not self._started:
            self._send_head(write)

    def _send_head(self, write: Callable[[bytes], None]) -> None:
        self._started = True
        write(_core.response_head(self._status, self._headers))


def _wake(waiters: "list[asyncio.Future[None]]") -> None:
    for future in waiters:
        if not future.done():
            future.set_result(None)
    waiters.clear()


ANSWER_TIME: Final = 1.0
"""Seconds that the application has for its answers to the messages before the end."""

HIGH_WATER: Final = 64 * 1024
"""Bytes that are kept for a flush, or before the handshake is answered."""
