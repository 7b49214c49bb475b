"""`ASGIApp` on a real server, seen by plain HTTP: routing, polling, lifespan, refusals."""

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
import websockets

from conftest import PATIENCE
from sansocket import ASGIApp, AsyncServer

POLLING = {"EIO": "4", "transport": "polling"}


async def other_app(scope: Any, receive: Any, send: Any) -> None:
    """An application beside ours: says what it was asked for."""
    if scope["type"] == "lifespan":
        while (await receive())["type"] == "lifespan.startup":
            scope["state"]["started"] = True
            await send({"type": "lifespan.startup.complete"})
        await send({"type": "lifespan.shutdown.complete"})
    elif scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": f"other {scope['path']}"})
        await send({"type": "websocket.close"})
    else:
        body = f"other {scope['path']} {scope['state'].get('started')}".encode()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})


class Polling:
    """A client that polls by hand."""

    def __init__(self, port: int) -> None:
        self.http = httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE)
        self.params = dict(POLLING)

    async def open(self) -> dict[str, Any]:
        response = await self.get()
        handshake: dict[str, Any] = json.loads(response.text[1:])
        self.params["sid"] = handshake["sid"]
        return handshake

    async def get(self, **params: str) -> httpx.Response:
        return await self.http.get("/socket.io/", params={**self.params, **params})

    async def post(self, text: str) -> httpx.Response:
        return await self.http.post("/socket.io/", params=self.params, content=text)


@pytest.fixture
async def polling(port_of: Any) -> Any:
    sio = AsyncServer()
    sio.on("echo", lambda sid, *args: args)
    client = Polling(await port_of(ASGIApp(sio)))
    client.sio = sio
    async with client.http:
        yield client


async def test_a_session_by_hand(polling: Any) -> None:
    handshake = await polling.open()
    assert sorted(handshake) == ["maxPayload", "pingInterval", "pingTimeout", "sid", "upgrades"]
    assert handshake["upgrades"] == ["websocket"]
    assert (await polling.post("40")).text == "ok"
    assert (await polling.get()).text.startswith('40{"sid":"')
    assert (await polling.post('420["echo","☃"]\x1e421["echo"]')).text == "ok"
    assert (await polling.get()).text == '430["☃"]\x1e431[]'
    assert (await polling.post("1")).text == "ok"
    assert (await polling.get()).status_code == 400


async def test_a_poll_waits_for_something_to_say(polling: Any) -> None:
    await polling.open()
    await polling.post("40")
    await polling.get()
    poll = asyncio.create_task(polling.get())
    while polling.sio._engine._replies == {}:
        await asyncio.sleep(0)
    await polling.sio.emit("news", b"\x01\x02")
    assert (await poll).text == '451-["news",{"_placeholder":true,"num":0}]\x1ebAQI='


async def test_an_aborted_poll_ends_the_session(polling: Any) -> None:
    await polling.open()
    await polling.post("40")
    await polling.get()
    gone: asyncio.Queue[str] = asyncio.Queue()
    polling.sio.on("disconnect", lambda sid, reason: gone.put_nowait(reason))
    poll = asyncio.create_task(polling.get())
    while polling.sio._engine._replies == {}:
        await asyncio.sleep(0)
    poll.cancel()
    assert await asyncio.wait_for(gone.get(), PATIENCE) == "transport close"
    assert polling.sio._engine._replies == {}


@pytest.mark.parametrize(
    "params",
    [
        {"EIO": "4", "transport": "nonsense"},
        {"EIO": "3", "transport": "polling"},
        {"transport": "polling"},
        {"EIO": "4"},
        {"EIO": "4", "transport": "polling", "sid": "unknown"},
    ],
    ids=str,
)
async def test_a_bad_request_is_refused(polling: Any, params: dict[str, str]) -> None:
    response = await polling.http.get("/socket.io/", params=params)
    assert response.status_code == 400
    assert response.json()["message"]


async def test_the_path_decides(port_of: Any, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("<p>page")
    app = ASGIApp(AsyncServer(), other_app, {"/page": str(tmp_path / "page.html")}, socketio_path="/realtime")
    port = await port_of(app)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        assert (await client.get("/realtime/", params=POLLING)).text.startswith("0{")
        assert (await client.get("/realtime", params=POLLING)).text.startswith("0{")
        page = await client.get("/page")
        assert (page.text, page.headers["content-type"]) == ("<p>page", "text/html")
        # The lifespan went through to the other application.
        assert (await client.get("/realtimes/")).text == "other /realtimes/ True"
    async with websockets.connect(f"ws://127.0.0.1:{port}/elsewhere") as websocket:
        assert await websocket.recv() == "other /elsewhere"


async def test_without_another_application_there_is_nothing_else(port_of: Any) -> None:
    port = await port_of(ASGIApp(AsyncServer()))
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        assert (await client.get("/elsewhere")).status_code == 404
    with pytest.raises(websockets.InvalidStatus) as refused:
        await websockets.connect(f"ws://127.0.0.1:{port}/elsewhere")
    assert refused.value.response.status_code == 404


async def test_below_a_mount_both_forms_of_the_path_are_ours(port_of: Any) -> None:
    inner = ASGIApp(AsyncServer())

    async def mount(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"].startswith("/new"):
            await inner({**scope, "root_path": "/new"}, receive, send)
        elif scope["type"] == "http":
            await inner({**scope, "root_path": "/old", "path": scope["path"][4:]}, receive, send)

    port = await port_of(mount, lifespan="off")
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        for path in ("/new/socket.io/", "/old/socket.io/"):
            assert (await client.get(path, params=POLLING)).text.startswith("0{"), path


async def test_hooks_run_at_start_and_end(port_of: Any, stack: Any) -> None:
    calls: list[str] = []

    async def shutdown() -> None:
        calls.append("shutdown")

    app = ASGIApp(AsyncServer(), on_startup=lambda: calls.append("startup"), on_shutdown=shutdown)
    await port_of(app, lifespan="on")
    assert calls == ["startup"]
    await stack.aclose()
    assert calls == ["startup", "shutdown"]


async def test_a_hook_that_fails_is_reported() -> None:
    def fail() -> None:
        raise RuntimeError("no database")

    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "lifespan.startup"}

    async def send(message: Any) -> None:
        sent.append(message)

    await ASGIApp(AsyncServer(), on_startup=fail)({"type": "lifespan"}, receive, send)
    assert sent == [{"type": "lifespan.startup.failed", "message": "RuntimeError('no database')"}]


@pytest.mark.parametrize("ws", ["auto", "wsproto", "sansocket.uvicorn:WebSocketProtocol"])
async def test_a_refused_websocket_is_told_why(port_of: Any, ws: str) -> None:
    port = await port_of(ASGIApp(AsyncServer()), ws=ws)
    for query in ("EIO=4&transport=websocket&sid=unknown", "EIO=4&transport=polling", "transport=websocket"):
        with pytest.raises(websockets.InvalidStatus) as refused:
            await websockets.connect(f"ws://127.0.0.1:{port}/socket.io/?{query}")
        assert refused.value.response.status_code == 400
        assert b"message" in refused.value.response.body


async def test_a_server_without_denial_responses_just_closes() -> None:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "websocket",
        "path": "/socket.io/",
        "query_string": b"EIO=4&transport=websocket&sid=unknown",
        "http_version": "1.1",
        # Lists, and names in any case: both are within the letter of ASGI.
        "headers": [[b"Host", b"example.com"]],
    }
    await ASGIApp(AsyncServer())(scope, receive, send)
    assert sent == [{"type": "websocket.close", "code": 1000}]


async def test_a_slow_reader_holds_back_only_itself(port_of: Any) -> None:
    """While `send` waits, the core queues; what it had to say arrives complete and in order."""
    sio = AsyncServer(max_http_buffer_size=10_000_000)
    port = await port_of(ASGIApp(sio), ws="auto")
    url = f"ws://127.0.0.1:{port}/socket.io/?EIO=4&transport=websocket"
    async with websockets.connect(url, max_queue=1, max_size=None) as slow, websockets.connect(url) as quick:
        for client in (slow, quick):
            await client.recv()
            await client.send("40")
            await client.recv()
        text = "x" * 4_000
        for number in range(150):
            await sio.emit("flood", (number, text))
        await sio.emit("last")
        for client in (quick, slow):
            numbers = []
            while (packet := json.loads((await client.recv())[2:]))[0] == "flood":
                numbers.append(packet[1])
            assert numbers == list(range(150))


async def test_who_never_reads_is_disconnected(port_of: Any) -> None:
    for ws in ("auto", "sansocket.uvicorn:WebSocketProtocol"):
        sio = AsyncServer()
        gone: asyncio.Queue[str] = asyncio.Queue()
        sio.on("disconnect", lambda sid, reason, gone=gone: gone.put_nowait(reason))
        port = await port_of(ASGIApp(sio), ws=ws)
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
        writer.write(
            b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: localhost\r\n"
            b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"\x81\x82\x00\x00\x00\x0040")
        while not sio._clients.by_socket:
            await asyncio.sleep(0)
        while gone.empty():
            await sio.emit("flood", "x" * 100_000)
            await asyncio.sleep(0)
        assert await gone.get() == sio.reason.BUFFER_OVERFLOW
        writer.close()


@pytest.mark.parametrize(
    ("accepts", "options", "encoding"),
    [
        ("br, gzip;q=0.5", {}, "gzip"),
        ("gzip;q=0", {}, None),
        ("identity", {}, None),
        ("gzip", {"compression_threshold": 100_000}, None),
        ("gzip", {"http_compression": False}, None),
    ],
)
async def test_large_answers_are_compressed(
    port_of: Any, accepts: str, options: dict[str, Any], encoding: str | None
) -> None:
    sio = AsyncServer(**options)
    client = Polling(await port_of(ASGIApp(sio)))
    client.http.headers["accept-encoding"] = accepts
    async with client.http:
        await client.open()
        await client.post("40")
        assert "content-encoding" not in (await client.get()).headers
        await sio.emit("news", "x" * 50_000)
        response = await client.get()
        assert response.text == '42["news","' + "x" * 50_000 + '"]'
        assert response.headers.get("content-encoding") == encoding
        assert ("Accept-Encoding" in response.headers["vary"]) == (encoding is not None)


@pytest.mark.parametrize("ws", ["auto", "sansocket.uvicorn:WebSocketProtocol"])
async def test_a_cookie_carries_the_session(port_of: Any, ws: str) -> None:
    sio = AsyncServer(cookie={"name": "session", "HttpOnly": True, "SameSite": "Strict", "path": "/"})
    client = Polling(await port_of(ASGIApp(sio), ws=ws))
    async with client.http:
        response = await client.get()
        sid = json.loads(response.text[1:])["sid"]
        assert response.headers["set-cookie"] == f"session={sid}; Path=/; HttpOnly; SameSite=Strict"
