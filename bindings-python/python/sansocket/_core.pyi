"""The native module: one crossing per call, plain tuples out.

Keys (`conn`, `request`, `session`, `socket`, `ack`) are integers that go stale, never names of
something else. Every method that takes input returns the outputs that are ready, in order; each is a
tuple whose first item is one of the constants below.
"""

from collections.abc import Sequence
from typing import Any, Final, final

from sansocket.asgi_types import Headers, Output, Response

__all__ = [
    "ACK_SETTLED",
    "ANSWER",
    "BROADCAST",
    "CLOSE",
    "CONNECT",
    "DISCONNECT",
    "EVENT",
    "REFUSED",
    "REPLY",
    "SESSION_CLOSED",
    "SESSION_MESSAGE",
    "SESSION_OPENED",
    "SESSION_UPGRADED",
    "TIMER",
    "WRITE",
    "WS_BINARY",
    "WS_CLOSED",
    "WS_OCTETS",
    "WS_PONG",
    "WS_TEXT",
    "GoneError",
    "Server",
    "Upgrade",
    "UsageError",
    "WebSocket",
    "__version__",
    "check_json",
    "response_head",
]
__version__: Final[str]

WRITE: Final[int]
"""(WRITE, conn, frame): `bytes` for a socket or a binary message, `str` for a text message."""
BROADCAST: Final[int]
"""(BROADCAST, conns, frame): one frame for each of `conns`, a tuple."""
REPLY: Final[int]
"""(REPLY, request, status, headers, body)"""
CLOSE: Final[int]
"""(CLOSE, conn, code, reason)"""
SESSION_OPENED: Final[int]
"""(SESSION_OPENED, session, sid, transport)"""
SESSION_UPGRADED: Final[int]
"""(SESSION_UPGRADED, session, conn)"""
SESSION_MESSAGE: Final[int]
"""(SESSION_MESSAGE, session, message): only with protocol "engineio"."""
SESSION_CLOSED: Final[int]
"""(SESSION_CLOSED, session, reason, detail)"""
CONNECT: Final[int]
"""(CONNECT, socket, session, id, namespace, auth)"""
EVENT: Final[int]
"""(EVENT, socket, data, attachments, packet_id | None)"""
ANSWER: Final[int]
"""(ANSWER, ack, socket, data, attachments, last)"""
ACK_SETTLED: Final[int]
"""(ACK_SETTLED, ack, reason, missing): no answer comes any more; no reason if none failed to."""
DISCONNECT: Final[int]
"""(DISCONNECT, socket, reason, detail, rooms): `rooms` is the text of a JSON array."""
REFUSED: Final[int]
"""(REFUSED, session | None, conn | None, reason)"""
TIMER: Final[int]
"""(TIMER, seconds): call `timeout` after this long, instead of whatever was said before."""

WS_TEXT: Final[int]
"""(WS_TEXT, text)"""
WS_BINARY: Final[int]
"""(WS_BINARY, data)"""
WS_PONG: Final[int]
"""(WS_PONG, payload)"""
WS_CLOSED: Final[int]
"""(WS_CLOSED, code, reason): the connection is over."""
WS_OCTETS: Final[int]
"""(WS_OCTETS, octets): to write, in this place among the events."""

class UsageError(ValueError):
    """An argument breaks a rule of the protocol, or a limit would be passed."""

class GoneError(UsageError):
    """The key names nothing any more, or its connection is closing."""

@final
class Server:
    """The whole machine: sessions, sockets, rooms, acknowledgements."""

    def __new__(
        cls,
        protocol: str,
        *,
        ping_interval: float,
        ping_timeout: float,
        connect_timeout: float,
        max_http_buffer_size: int,
        transports: Sequence[str],
        allow_upgrades: bool,
        cors_allowed_origins: Sequence[str] | None,
        cors_credentials: bool,
        cookie: list[tuple[str, str | bool]] | None,
        any_namespace: bool,
    ) -> Server: ...

    # What the host saw: each returns the outputs that are ready.
    def request(
        self, method: str, target: str, version: str, headers: Headers
    ) -> tuple[int, list[Output]]: ...
    def body(self, request: int, chunk: bytes, end: bool) -> list[Output]: ...
    def abort(self, request: int) -> list[Output]: ...
    def upgrade(
        self, method: str, target: str, version: str, headers: Headers, octets: bool, extra_headers: Headers
    ) -> tuple[int, None, list[Output]] | tuple[None, Response, list[Output]]: ...
    def feed(self, conn: int, data: bytes) -> list[Output]: ...
    def feed_text(self, conn: int, text: str) -> list[Output]: ...
    def feed_binary(self, conn: int, data: bytes) -> list[Output]: ...
    def congested(self, conn: int, congested: bool) -> list[Output]: ...
    def eof(self, conn: int) -> list[Output]: ...
    def timeout(self) -> list[Output]: ...
    def drain(self) -> list[Output]: ...
    def shutdown(self) -> list[Output]: ...

    # What the application says: queued until the next call of the former kind.
    def add_namespace(self, name: str) -> None: ...
    def accept(self, socket: int) -> None: ...
    def reject(self, socket: int, error: str) -> None: ...
    def emit(
        self,
        namespace: str,
        rooms: Sequence[str],
        except_: Sequence[str],
        data: str,
        attachments: Sequence[bytes],
    ) -> None: ...
    def emit_with_ack(
        self,
        namespace: str,
        rooms: Sequence[str],
        except_: Sequence[str],
        data: str,
        attachments: Sequence[bytes],
        timeout: float,
    ) -> int: ...
    def emit_to(self, socket: int, data: str, attachments: Sequence[bytes]) -> None: ...
    def emit_to_with_ack(
        self, socket: int, data: str, attachments: Sequence[bytes], timeout: float | None
    ) -> int: ...
    def acknowledge(self, socket: int, packet_id: int, data: str, attachments: Sequence[bytes]) -> None: ...
    def join(self, socket: int, room: str) -> None: ...
    def leave(self, socket: int, room: str) -> None: ...
    def close_room(self, namespace: str, room: str) -> None: ...
    def rooms(self, socket: int) -> list[str]: ...
    def disconnect(self, socket: int) -> None: ...
    def close_session(self, session: int) -> None: ...
    def transport(self, session: int) -> str | None: ...
    def send_session(self, session: int, message: str | bytes) -> None: ...

@final
class Upgrade:
    """A WebSocket request: checked, and then accepted by an answer."""

    def __new__(cls, head: bytes) -> Upgrade: ...
    @property
    def refusal(self) -> bytes | None:
        """The HTTP response to a request that is no correct WebSocket handshake."""

    @property
    def target(self) -> str: ...
    @property
    def headers(self) -> Headers:
        """Names in lower case, in order, repeats kept."""

    @property
    def subprotocols(self) -> list[str]: ...
    def accept(
        self,
        subprotocol: str | None,
        headers: Headers,
        *,
        max_message_bytes: int,
        max_fragments: int,
        per_message_deflate: bool,
    ) -> tuple[bytes, WebSocket]:
        """Return the 101 response and the connection that it opens.

        Raises ValueError for a header that cannot be sent.
        """

@final
class WebSocket:
    """The server's end of one WebSocket connection, after the handshake."""

    def feed(self, data: bytes) -> list[tuple[Any, ...]]: ...
    def finish(self) -> bytes: ...
    def send_text(self, text: str) -> bytes: ...
    def send_binary(self, data: bytes) -> bytes: ...
    def ping(self, payload: bytes) -> bytes: ...
    def close(self, code: int, reason: str) -> bytes: ...

def check_json(text: str) -> None:
    """Raise ValueError unless `text` is strict JSON: the standard library's encoder is not the only one."""

def response_head(status: int, headers: Headers) -> bytes:
    """Return the head of an HTTP/1.1 response. Raises ValueError for a header that cannot be sent."""
