"""The protocol class under uvicorn, serving bare ASGI applications that never heard of us."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import uvloop
import websockets
from uvicorn.config import Config
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.server import ServerState
from websockets.asyncio.client import ClientConnection

from conftest import PATIENCE, running
from sansocket.uvicorn import WebSocketProtocol

App = Callable[[Any, Any, Any], Awaitable[None]]
HTTP = ["h11", "httptools"]
UPGRADE = b"GET / HTTP/1.1\r\nhost: a\r\nupgrade: websocket\r\nconnection: upgrade\r\n"


async def echo(scope: Any, receive: Any, send: Any) -> None:
    assert scope["type"] == "websocket", "there is no lifespan here"
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        await send({**message, "type": "websocket.send"})


class Recorder:
    """An application that echoes, and keeps its scope and what it received."""

    def __init__(self) -> None:
        self.scope: Any = None
        self.received: asyncio.Queue[Any] = asyncio.Queue()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "websocket", "there is no lifespan here"
        self.scope = scope

        async def recording_receive() -> Any:
            message = await receive()
            self.received.put_nowait(message)
            return message

        await echo(scope, recording_receive, send)

    async def next(self) -> Any:
        return await asyncio.wait_for(self.received.get(), PATIENCE)


def open_websocket(port: int, path: str = "/", **arguments: Any) -> Any:
    return websockets.connect(f"ws://127.0.0.1:{port}{path}", compression=None, **arguments)


async def refused(port: int) -> Any:
    with pytest.raises(websockets.InvalidStatus) as error:
        await open_websocket(port)
    return error.value.response


async def closed(websocket: ClientConnection) -> tuple[int, str]:
    await asyncio.wait_for(websocket.wait_closed(), PATIENCE)
    return websocket.close_code or 0, websocket.close_reason or ""


@pytest.mark.parametrize("http", HTTP)
async def test_messages_come_back(port_of: Any, http: str) -> None:
    port = await port_of(echo, http=http)
    async with open_websocket(port) as websocket:
        for message in ["", "text ☃", b"", b"\x00\xff", "x" * 200_000, bytes(70_000)]:
            await websocket.send(message)
            assert await websocket.recv() == message
        # One message in several frames.
        await websocket.send(["a", "", "b", "c"])
        assert await websocket.recv() == "abc"
        await (await websocket.ping())


async def test_many_messages_in_one_read_come_back_in_order(port_of: Any) -> None:
    port = await port_of(echo)
    async with open_websocket(port) as websocket:
        for number in range(500):
            await websocket.send(str(number))
        assert [await websocket.recv() for _ in range(500)] == [str(number) for number in range(500)]


def test_it_serves_on_uvloop() -> None:
    async def talk() -> None:
        async with running(echo) as port, open_websocket(port) as websocket:
            await websocket.send("hello")
            assert await websocket.recv() == "hello"
            await websocket.send(bytes(500_000))
            assert await websocket.recv() == bytes(500_000)

    uvloop.run(talk())


async def test_the_scope_is_complete(port_of: Any) -> None:
    app = Recorder()
    port = await port_of(app, root_path="/root", http="h11")
    headers = [("X-Twice", "1"), ("X-Twice", "2")]
    async with open_websocket(port, "/a%20b?q=%C3%A9&r", subprotocols=["a", "b"], additional_headers=headers):
        scope = app.scope
    assert scope["type"] == "websocket"
    assert scope["asgi"] == {"version": "3.0", "spec_version": "2.4"}
    assert (scope["scheme"], scope["http_version"]) == ("ws", "1.1")
    assert (scope["root_path"], scope["path"], scope["raw_path"]) == ("/root", "/root/a b", b"/root/a%20b")
    assert scope["query_string"] == b"q=%C3%A9&r"
    assert scope["subprotocols"] == ["a", "b"]
    assert scope["client"][0] == "127.0.0.1"
    assert scope["server"] == ("127.0.0.1", port)
    assert "websocket.http.response" in scope["extensions"]
    assert [value for name, value in scope["headers"] if name == b"x-twice"] == [b"1", b"2"]
    assert all(name == name.lower() for name, _ in scope["headers"])


async def test_the_application_chooses_subprotocol_and_headers(port_of: Any) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        chosen = scope["path"][1:] or None
        headers = [(b"x-one", b"1"), (b"set-cookie", b"a=b"), (b"set-cookie", b"c=d")]
        await send({"type": "websocket.accept", "subprotocol": chosen, "headers": headers})
        await receive()

    port = await port_of(app)
    async with open_websocket(port, "/b", subprotocols=["a", "b"]) as websocket:
        assert websocket.subprotocol == "b"
        headers = websocket.response.headers
        assert headers["x-one"] == "1"
        assert headers.get_all("set-cookie") == ["a=b", "c=d"]
        assert "date" in headers
        assert headers["server"] == "uvicorn"
    # One that the client did not offer would only make it give up.
    async with open_websocket(port, "/c", subprotocols=["a", "b"]) as websocket:
        assert websocket.subprotocol is None


@pytest.mark.parametrize(("code", "reason"), [(1000, ""), (3000, "enough"), (4999, "☃")])
async def test_the_peer_closes(port_of: Any, code: int, reason: str) -> None:
    app = Recorder()
    async with open_websocket(await port_of(app)) as websocket:
        await app.next()
        await websocket.close(code, reason)
    assert await app.next() == {"type": "websocket.disconnect", "code": code, "reason": reason}


async def test_the_application_closes(port_of: Any) -> None:
    received: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": "last words"})
        await send({"type": "websocket.close", "code": 3001, "reason": "enough"})
        with pytest.raises(RuntimeError, match=r"after sending 'websocket\.close'"):
            await send({"type": "websocket.send", "text": "more"})
        received.append(await receive())

    async with open_websocket(await port_of(app)) as websocket:
        assert await websocket.recv() == "last words"
        assert await closed(websocket) == (3001, "enough")
    assert received == [{"type": "websocket.disconnect", "code": 3001, "reason": "enough"}]


@pytest.mark.parametrize("code", [999, 1004, 1005, 1006, 1015, 2999, 5000])
async def test_a_close_code_that_must_not_be_sent_is_the_applications_error(port_of: Any, code: int) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        try:
            await send({"type": "websocket.close", "code": code})
        except ValueError as error:
            await send({"type": "websocket.send", "text": str(error)})
            await send({"type": "websocket.close", "code": 1000, "reason": None})

    async with open_websocket(await port_of(app)) as websocket:
        assert str(code) in await websocket.recv()
        assert await closed(websocket) == (1000, "")


async def test_who_returns_without_closing_just_hangs_up(port_of: Any) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": "last words"})

    async with open_websocket(await port_of(app)) as websocket:
        assert await websocket.recv() == "last words"
        assert await closed(websocket) == (1006, "")


@pytest.mark.parametrize("fails", [True, False])
async def test_who_never_answers_the_handshake_gets_a_500(port_of: Any, fails: bool) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if fails:
            raise ZeroDivisionError

    response = await refused(await port_of(app))
    assert response.status_code == 500
    assert response.body == b"Internal Server Error"
    assert response.headers["content-length"] == "21"


async def test_a_handshake_may_be_denied(port_of: Any) -> None:
    ended: asyncio.Queue[Any] = asyncio.Queue()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.close"})
        ended.put_nowait(await receive())

    response = await refused(await port_of(app))
    assert (response.status_code, response.body) == (403, b"")
    assert await asyncio.wait_for(ended.get(), PATIENCE) == {"type": "websocket.disconnect", "code": 1006}


BODIES = {
    "whole": [{"body": b"no"}],
    "parts": [{"body": b"n", "more_body": True}, {"body": b"o"}],
    "empty end": [{"body": b"no", "more_body": True}, {}],
}


@pytest.mark.parametrize("parts", BODIES)
@pytest.mark.parametrize("length", [True, False])
async def test_a_denial_may_be_a_response(port_of: Any, parts: str, length: bool) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        headers = [(b"x-why", b"because")] + ([(b"content-length", b"2")] if length else [])
        await send({"type": "websocket.http.response.start", "status": 418, "headers": headers})
        for part in BODIES[parts]:
            await send({"type": "websocket.http.response.body", **part})

    response = await refused(await port_of(app))
    assert (response.status_code, response.body) == (418, b"no")
    assert response.headers["x-why"] == "because"
    assert response.headers.get("content-length") == ("2" if length or parts == "whole" else None)


async def test_messages_out_of_turn_are_the_applications_error(port_of: Any) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        with pytest.raises(RuntimeError, match=r"Expected ASGI message 'websocket\.accept'"):
            await send({"type": "websocket.send", "text": "early"})
        await send({"type": "websocket.accept"})
        with pytest.raises(RuntimeError, match=r"Expected ASGI message 'websocket\.send'"):
            await send({"type": "websocket.accept"})
        with pytest.raises(TypeError):
            await send({"type": "websocket.send", "bytes": 200})
        with pytest.raises(TypeError):
            await send({"type": "websocket.send", "text": b"bytes"})
        await send({"type": "websocket.send", "text": "fine"})
        await receive()

    async with open_websocket(await port_of(app)) as websocket:
        assert await websocket.recv() == "fine"


LAST_WORDS = [
    # A close, and a reserved opcode.
    (b"\x88\x82\x00\x00\x00\x00\x03\xe8", b"\x88\x02\x03\xe8"),
    (b"\x83\x80\x00\x00\x00\x00", b"\x88\x18\x03\xeathe opcode is reserved"),
]


@pytest.mark.parametrize(("last", "answer"), LAST_WORDS)
async def test_messages_before_the_end_are_answered_before_the_close(
    port_of: Any, last: bytes, answer: bytes
) -> None:
    app = Recorder()
    reader, writer = await handshake(await port_of(app))
    writer.write(b"\x81\x83\x00\x00\x00\x00one" + b"\x82\x83\x00\x00\x00\x00two" + last)
    octets = await asyncio.wait_for(reader.read(), PATIENCE)
    assert octets == b"\x81\x03one" + b"\x82\x03two" + answer
    kinds = [(await app.next())["type"] for _ in range(4)]
    assert kinds == ["websocket.connect", *["websocket.receive"] * 2, "websocket.disconnect"]
    writer.close()


@pytest.mark.parametrize(("last", "answer"), LAST_WORDS)
@pytest.mark.parametrize("does", ["closes", "returns", "is busy"])
async def test_an_application_that_leaves_messages_unread_cannot_keep_the_connection(
    port_of: Any, monkeypatch: pytest.MonkeyPatch, does: str, last: bytes, answer: bytes
) -> None:
    if does == "is busy":
        monkeypatch.setattr("sansocket.uvicorn.ANSWER_TIME", 0.01)
    all_read = asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await receive()
        if does == "closes":
            await send({"type": "websocket.close", "code": 3000})
            with pytest.raises(ClientDisconnected):
                await send({"type": "websocket.send", "text": "too late"})
        elif does == "is busy":
            await all_read.wait()

    reader, writer = await handshake(await port_of(app))
    writer.write(b"\x81\x83\x00\x00\x00\x00one" + b"\x82\x83\x00\x00\x00\x00two" + last)
    assert await asyncio.wait_for(reader.read(), PATIENCE) == answer
    all_read.set()
    writer.close()


async def test_a_message_over_the_limit_closes_with_1009(port_of: Any) -> None:
    app = Recorder()
    async with open_websocket(await port_of(app, ws_max_size=1000)) as websocket:
        await app.next()
        await websocket.send("x" * 1000)
        assert await websocket.recv() == "x" * 1000
        await app.next()
        await websocket.send(["x" * 600, "x" * 401])
        assert (await closed(websocket))[0] == 1009
    assert (await app.next())["code"] == 1009


async def test_no_pong_closes_with_1011(port_of: Any) -> None:
    app = Recorder()
    port = await port_of(app, ws_ping_interval=0.02, ws_ping_timeout=0.02)
    reader, writer = await handshake(port)
    data = await asyncio.wait_for(reader.read(), PATIENCE)
    assert data[:2] == b"\x89\x04"
    assert data[6:10] == b"\x88\x18\x03\xf3"
    assert (await app.next())["type"] == "websocket.connect"
    expected = {"type": "websocket.disconnect", "code": 1011, "reason": "keepalive ping timeout"}
    assert await app.next() == expected
    writer.close()


async def test_pongs_keep_a_connection(port_of: Any) -> None:
    port = await port_of(echo, ws_ping_interval=0.01, ws_ping_timeout=PATIENCE)
    async with open_websocket(port, ping_interval=None) as websocket:
        protocol = next(iter(CONNECTIONS))
        first = protocol.ping_sent_at
        while protocol.ping_sent_at in (0.0, first):
            await asyncio.sleep(0.005)
        await websocket.send("alive")
        assert await websocket.recv() == "alive"


async def test_the_server_stops(stack: Any, port_of: Any) -> None:
    app = Recorder()
    port = await port_of(app)
    websocket = await open_websocket(port)
    await app.next()
    await stack.aclose()
    assert (await closed(websocket))[0] == 1012
    assert await app.next() == {"type": "websocket.disconnect", "code": 1012}


async def test_a_lost_connection_ends_the_application(port_of: Any) -> None:
    app = Recorder()
    _, writer = await handshake(await port_of(app))
    await app.next()
    writer.transport.abort()
    assert await app.next() == {"type": "websocket.disconnect", "code": 1005}


async def test_send_waits_for_a_slow_reader_and_fails_once_it_is_gone(port_of: Any) -> None:
    sent = 0
    outcome: asyncio.Queue[Any] = asyncio.Queue()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        nonlocal sent
        await receive()
        await send({"type": "websocket.accept"})
        try:
            while True:
                await send({"type": "websocket.send", "bytes": bytes(100_000)})
                sent += 1
        except OSError as error:
            outcome.put_nowait(error)

    _, writer = await handshake(await port_of(app), limit=1024)
    # It fills what the kernel and the transport hold, and then it waits.
    before = -1
    while before != sent or sent == 0:
        before = sent
        await asyncio.sleep(0.05)
    assert sent < 1000
    writer.transport.abort()
    assert isinstance(await asyncio.wait_for(outcome.get(), PATIENCE), OSError)


async def test_a_busy_application_holds_its_client_back(port_of: Any) -> None:
    may_read = asyncio.Event()
    total = 0

    async def app(scope: Any, receive: Any, send: Any) -> None:
        nonlocal total
        await receive()
        await send({"type": "websocket.accept"})
        await may_read.wait()
        while (message := await receive())["type"] == "websocket.receive":
            total += len(message["bytes"])
            if total == 20_000_000:
                await send({"type": "websocket.close"})

    async with open_websocket(await port_of(app)) as websocket:
        protocol = next(iter(CONNECTIONS))
        sending = asyncio.create_task(send_many(websocket, 200, 100_000))
        while not protocol._read_paused:
            await asyncio.sleep(0)
        held = sum(len(message.get("bytes", b"")) for message in protocol._incoming)
        assert held < 1_000_000
        may_read.set()
        await sending
        assert await closed(websocket) == (1000, "")
    assert total == 20_000_000


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (UPGRADE + b"\r\n", 426),
        (UPGRADE + b"sec-websocket-version: 13\r\nsec-websocket-key: short\r\n\r\n", 400),
        (b"nonsense\r\n\r\n", 400),
        (UPGRADE, 400),
    ],
)
def test_what_is_no_handshake_is_refused_before_the_application(head: bytes, status: int) -> None:
    async def talk() -> None:
        config = Config(echo, ws=WebSocketProtocol, lifespan="off")
        transport = MockTransport()
        protocol = WebSocketProtocol(config, ServerState(), {})
        protocol.connection_made(transport)
        protocol.data_received(head)
        assert transport.written.startswith(b"HTTP/1.1 %d " % status)
        assert transport.closing
        assert not protocol.tasks

    asyncio.run(talk())


async def handshake(port: int, limit: int = 65536) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Open a WebSocket without a client that answers by itself."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=limit)
    writer.write(
        b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    head = await reader.readuntil(b"\r\n\r\n")
    assert b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in head
    return reader, writer


async def send_many(websocket: ClientConnection, count: int, size: int) -> None:
    for _ in range(count):
        await websocket.send(bytes(size))


class MockTransport(asyncio.Transport):
    """A transport that only remembers."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.closing = False

    def write(self, data: Any) -> None:
        self.written += data

    def is_closing(self) -> bool:
        return self.closing

    def close(self) -> None:
        self.closing = True


CONNECTIONS: set[Any] = set()
"""The connections that are open, by what the class below sees."""


@pytest.fixture(autouse=True)
def watch_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    CONNECTIONS.clear()
    made, lost = WebSocketProtocol.connection_made, WebSocketProtocol.connection_lost

    def connection_made(self: WebSocketProtocol, transport: Any) -> None:
        CONNECTIONS.add(self)
        made(self, transport)

    def connection_lost(self: WebSocketProtocol, error: Any) -> None:
        CONNECTIONS.discard(self)
        lost(self, error)

    monkeypatch.setattr(WebSocketProtocol, "connection_made", connection_made)
    monkeypatch.setattr(WebSocketProtocol, "connection_lost", connection_lost)
