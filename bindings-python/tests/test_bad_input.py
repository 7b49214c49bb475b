"""Bad input that broke others: the rows that a Python host meets.

The rest of the list is defended in the core, and tested there.
"""

import asyncio
import contextlib
import json
import logging
import threading
from typing import Any

import httpx
import pytest
import websockets

from conftest import PATIENCE
from sansocket import ASGIApp, AsyncServer, _core
from sansocket.uvicorn import WebSocketProtocol

POLLING = {"EIO": "4", "transport": "polling"}
WEBSOCKET = "socket.io/?EIO=4&transport=websocket"
WS_CLASSES = ["auto", "sansocket.uvicorn:WebSocketProtocol"]


async def accepting(scope: Any, receive: Any, send: Any) -> None:
    assert scope["type"] == "websocket"
    await receive()
    await send({"type": "websocket.accept"})
    await receive()


def accepting_with(headers: Any, errors: "asyncio.Queue[Any]") -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "websocket"
        await receive()
        try:
            await send({"type": "websocket.accept", "headers": headers})
        except (ValueError, TypeError) as error:
            errors.put_nowait(error)
            raise

    return app


@pytest.mark.parametrize(
    ("value", "status"),
    # A C1 control character (0x80) is refused like any other; the rest is no subprotocol of ours.
    [(b"\x80\xff", 400), (b"a, \xff, b", 101), (b"constructor", 101), (b"," * 1000, 101)],
    ids=["control", "bytes", "word", "commas"],
)
async def test_t10_headers_are_bytes(port_of: Any, value: bytes, status: int) -> None:
    port = await port_of(accepting, http="h11")
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        b"Sec-WebSocket-Protocol: " + value + b"\r\n\r\n"
    )
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert b"protocol" not in head.lower().replace(b"switching protocols", b"")
    writer.close()


@pytest.mark.parametrize(
    "header",
    [
        (b"X Bad Name", b"value"),
        (b"", b"value"),
        (b"x-crlf", b"a\r\nInjected: yes"),
        (b"x-nul", b"a\0b"),
        (b"x-\xff", b"value"),
        ("x-text", "value"),
    ],
    ids=repr,
)
async def test_t11_outbound_headers_are_checked(port_of: Any, header: Any) -> None:
    errors: asyncio.Queue[Any] = asyncio.Queue()
    port = await port_of(accepting_with([header], errors))
    with pytest.raises(websockets.InvalidStatus) as refused:
        await websockets.connect(f"ws://127.0.0.1:{port}/")
    assert refused.value.response.status_code == 500
    assert "Injected" not in refused.value.response.headers
    assert isinstance(await errors.get(), TypeError if isinstance(header[0], str) else ValueError)
    with pytest.raises((ValueError, TypeError)):
        _core.response_head(200, [header])


async def test_t19_what_is_logged_of_a_peer_is_escaped(
    port_of: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    loggers = logging.getLogger("test.server"), logging.getLogger("test.engine")
    sio = AsyncServer(logger=loggers[0], engineio_logger=loggers[1])
    sio.on("*", lambda event, sid, *args: None)
    port = await port_of(ASGIApp(sio), access_log=False)
    async with websockets.connect(f"ws://127.0.0.1:{port}/{WEBSOCKET}") as websocket:
        await websocket.recv()
        await websocket.send("40")
        await websocket.recv()
        await websocket.send('42["\\u001b[31m\\nforged line"]')
        await websocket.send("4\x1b[31m\nforged line")
        await websocket.wait_closed()
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("test.")]
    assert any("forged line" in line for line in lines)
    assert not any("\x1b" in line or "\n" in line for line in lines)


def open_websocket() -> _core.WebSocket:
    upgrade = _core.Upgrade(
        b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    _, websocket = upgrade.accept(
        None, [], max_message_bytes=1000, max_fragments=10, per_message_deflate=False
    )
    return websocket


@pytest.mark.parametrize("value", [200, "text", None, [1, 2], 1.5, object()], ids=repr)
def test_t37_only_bytes_are_binary(value: Any) -> None:
    websocket = open_websocket()
    for call in (websocket.send_binary, websocket.ping, websocket.feed):
        with pytest.raises(TypeError):
            call(value)
    for text in (value, b"bytes"):
        if not isinstance(text, str):
            with pytest.raises(TypeError):
                websocket.send_text(text)
    if not isinstance(value, int):
        with pytest.raises(TypeError):
            websocket.close(value, "")
    core = AsyncServer()._core
    for feed in (core.feed, core.feed_binary):
        with pytest.raises(TypeError):
            feed(1, value)
    with pytest.raises(TypeError):
        core.emit("/", [], [], '["event"]', [value])


def test_t37_bytes_like_values_are_copied() -> None:
    websocket = open_websocket()
    for value in (bytearray(b"abc"), memoryview(b"xabcx")[1:4]):
        assert websocket.send_binary(value) == b"\x82\x03abc"  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="125"):
        websocket.ping(bytes(126))
    with pytest.raises(ValueError, match="reason"):
        websocket.close(1000, "x" * 200)
    with pytest.raises(ValueError, match="surrogates"):
        websocket.send_text("\ud800")


@pytest.mark.parametrize("ws", WS_CLASSES)
async def test_t50_unsolicited_pongs_start_nothing(port_of: Any, ws: str) -> None:
    sio = AsyncServer()
    sio.on("ping", lambda sid: "pong")
    port = await port_of(ASGIApp(sio), ws=ws)
    async with websockets.connect(f"ws://127.0.0.1:{port}/{WEBSOCKET}") as websocket:
        await websocket.recv()
        before = (threading.active_count(), len(asyncio.all_tasks()))
        for _ in range(500):
            await websocket.send("3")
        await websocket.send("40")
        assert (await websocket.recv())[:2] == "40"
        threads, tasks = threading.active_count(), len(asyncio.all_tasks())
        assert threads == before[0]
        assert tasks <= before[1] + 2


@pytest.mark.parametrize("fragmented", [False, True])
async def test_t51_the_limit_holds_for_websocket_messages(port_of: Any, fragmented: bool) -> None:
    sio = AsyncServer(max_http_buffer_size=1000)
    sio.on("event", lambda sid, *args: pytest.fail("it came through"))
    port = await port_of(ASGIApp(sio), ws=WebSocketProtocol)
    message = '42["event","' + "x" * 1000 + '"]'
    async with websockets.connect(f"ws://127.0.0.1:{port}/{WEBSOCKET}", compression=None) as websocket:
        await websocket.recv()
        await websocket.send("40")
        await websocket.recv()
        await websocket.send([message[:500], message[500:]] if fragmented else message)
        await websocket.wait_closed()
        assert websocket.close_code == 1009


@pytest.mark.parametrize("sid", ["unknown", ""])
async def test_t52_a_body_is_not_read_before_its_session_is_known(port_of: Any, sid: str) -> None:
    """The answer comes although the body never ends."""
    port = await port_of(ASGIApp(AsyncServer()))
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    query = f"EIO=4&transport=polling&sid={sid}".encode()
    writer.write(
        b"POST /socket.io/?" + query + b" HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"4\r\n4abc\r\n"
    )
    head = await asyncio.wait_for(reader.readuntil(b"\r\n"), PATIENCE)
    assert head.startswith(b"HTTP/1.1 400 ")
    writer.close()


@pytest.mark.parametrize("chunked", [False, True])
async def test_t52_a_body_over_the_limit_is_not_read_to_its_end(port_of: Any, chunked: bool) -> None:
    sio = AsyncServer(max_http_buffer_size=1000)
    port = await port_of(ASGIApp(sio))
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        sid = json.loads((await client.get("/socket.io/", params=POLLING)).text[1:])["sid"]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    target = f"POST /socket.io/?EIO=4&transport=polling&sid={sid} HTTP/1.1\r\nHost: localhost\r\n".encode()
    if chunked:
        writer.write(target + b"Transfer-Encoding: chunked\r\n\r\n" + b"400\r\n" + b"x" * 1024 + b"\r\n")
    else:
        writer.write(target + b"Content-Length: 1000000000\r\n\r\n4")
    head = await asyncio.wait_for(reader.readuntil(b"\r\n"), PATIENCE)
    assert head.startswith(b"HTTP/1.1 413 ")
    writer.close()


ORIGINS = {
    "same": ("http://{host}", True),
    "absent": (None, True),
    "other": ("http://example.com", False),
    "prefix": ("http://{host}.evil", False),
    "suffix": ("http://evil-{host}", False),
    "null": ("null", False),
    "scheme only": ("http://", False),
}


@pytest.mark.parametrize("ws", WS_CLASSES)
@pytest.mark.parametrize("origin", ORIGINS)
async def test_t57_only_the_same_origin_may_connect(port_of: Any, ws: str, origin: str) -> None:
    template, allowed = ORIGINS[origin]
    port = await port_of(ASGIApp(AsyncServer()), ws=ws)
    headers = {} if template is None else {"Origin": template.format(host=f"127.0.0.1:{port}")}
    await check_origin(port, headers, allowed)


LISTED = "https://app.example"


@pytest.mark.parametrize("ws", WS_CLASSES)
@pytest.mark.parametrize(
    ("option", "refused"),
    [
        ([LISTED], "https://app.example.evil"),
        (LISTED, "https://evil.example"),
        ("*", None),
        ([], None),
        (lambda origin: origin == LISTED, "https://evil.example"),
        (lambda origin, environ: environ["HTTP_ORIGIN"] == LISTED, "null"),
    ],
    ids=["list", "text", "any", "off", "function", "function of the request"],
)
async def test_t57_other_origins_are_named_or_decided(
    port_of: Any, ws: str, option: Any, refused: str | None
) -> None:
    port = await port_of(ASGIApp(AsyncServer(cors_allowed_origins=option)), ws=ws)
    response = await check_origin(port, {"Origin": LISTED}, True)
    # `[]` leaves the headers to whoever stands in front.
    expected = (None, None) if option == [] else (LISTED, "true")
    assert (
        response.headers.get("access-control-allow-origin"),
        response.headers.get("access-control-allow-credentials"),
    ) == expected
    if refused is not None:
        await check_origin(port, {"Origin": refused}, False)


async def check_origin(port: int, headers: dict[str, str], allowed: bool) -> httpx.Response:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        response = await client.get("/socket.io/", params=POLLING, headers=headers)
    assert response.status_code == (200 if allowed else 403)
    url = f"ws://127.0.0.1:{port}/{WEBSOCKET}"
    if allowed:
        async with websockets.connect(url, additional_headers=headers) as websocket:
            assert (await websocket.recv())[:1] == "0"
    else:
        with pytest.raises(websockets.InvalidStatus) as error:
            await websockets.connect(url, additional_headers=headers)
        assert error.value.response.status_code == 403
    return response


@pytest.mark.parametrize("event", ["connect", "disconnect", "connect_error", "error"])
async def test_t65_a_client_cannot_forge_the_servers_own_events(port_of: Any, event: str) -> None:
    sio = AsyncServer()
    calls: list[str] = []
    sio.on("connect", lambda sid, environ: calls.append("connect"))
    sio.on("disconnect", lambda sid, reason: calls.append("disconnect"))
    sio.on("*", lambda event, sid, *args: None)
    port = await port_of(ASGIApp(sio))
    async with websockets.connect(f"ws://127.0.0.1:{port}/{WEBSOCKET}") as websocket:
        await websocket.recv()
        await websocket.send("40")
        await websocket.recv()
        await websocket.send(f'42["{event}","forged"]')
        await websocket.send('420["sync"]')
        # It is refused with its connection, or it is an event like any other.
        with contextlib.suppress(websockets.ConnectionClosed):
            assert await asyncio.wait_for(websocket.recv(), PATIENCE) == "430[]"
            assert calls == ["connect"]
    assert calls[0] == "connect"
    assert "connect" not in calls[1:]


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
async def test_t82_only_finite_numbers_go_out(number: float) -> None:
    class Careless:
        """A module that writes what is not JSON."""

        @staticmethod
        def dumps(value: Any, *, separators: tuple[str, str]) -> str:
            return json.dumps(value, separators=separators)

        loads = staticmethod(json.loads)

    for module in (None, Careless):
        with pytest.raises(ValueError, match=r"JSON"):
            await AsyncServer(json=module).emit("event", {"deep": [number]})


@pytest.mark.parametrize("number", ["1e999", "NaN", "Infinity", "-Infinity", "9" * 5000])
async def test_t82_only_finite_numbers_come_in(port_of: Any, number: str) -> None:
    sio = AsyncServer()
    sio.on("event", lambda sid, *args: pytest.fail("it came through"))
    port = await port_of(ASGIApp(sio))
    async with websockets.connect(f"ws://127.0.0.1:{port}/{WEBSOCKET}") as websocket:
        await websocket.recv()
        await websocket.send("40")
        await websocket.recv()
        await websocket.send(f'42["event",{number}]')
        await asyncio.wait_for(websocket.wait_closed(), PATIENCE)
