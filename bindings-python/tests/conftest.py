"""What the tests share: a real uvicorn on a real socket, with and without our protocol class."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
import socketio
import uvicorn

from sansocket import ASGIApp, AsyncServer
from sansocket.uvicorn import WebSocketProtocol

TRANSPORTS = {"polling": ["polling"], "websocket": ["websocket"], "upgrade": ["polling", "websocket"]}
PATIENCE = 5.0
"""Seconds after which something that should have happened did not."""


class ListeningServer(uvicorn.Server):
    """A uvicorn server that says when it listens, and where."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set_result(self.servers[0].sockets[0].getsockname()[1])


@asynccontextmanager
async def running(app: Any, **settings: Any) -> AsyncIterator[int]:
    """Serve an ASGI application; gives the port."""
    settings = {"ws": WebSocketProtocol, "log_level": "critical", "timeout_graceful_shutdown": 1, **settings}
    server = ListeningServer(uvicorn.Config(app, port=0, **settings))
    task = asyncio.create_task(server.serve())
    try:
        await asyncio.wait((task, server.listening), return_when=asyncio.FIRST_COMPLETED)
        yield server.listening.result()
    finally:
        server.should_exit = True
        await task


class Client(socketio.AsyncClient):
    """python-socketio's own client, with a queue of what it has received."""

    def __init__(self) -> None:
        super().__init__(reconnection=False)
        self.received: asyncio.Queue[tuple[Any, ...]] = asyncio.Queue()
        self.ended: asyncio.Queue[str] = asyncio.Queue()
        self.listen("/")
        self.on("*", lambda event, namespace, *args: self._receive(event, *args), namespace="*")
        self.on("disconnect", self._end)

    def listen(self, namespace: str) -> None:
        """Queue the events of a namespace that has handlers of its own, too."""
        self.on("*", self._receive, namespace=namespace)

    async def next(self) -> tuple[Any, ...]:
        """The next event: its name, and its arguments."""
        return await asyncio.wait_for(self.received.get(), PATIENCE)

    def _receive(self, event: str, *args: Any) -> None:
        self.received.put_nowait((event, *args))

    def _end(self, reason: str) -> None:
        self.ended.put_nowait(reason)


Connect = Callable[..., Any]


@pytest.fixture(params=["ours", "default"])
def ws_class(request: pytest.FixtureRequest) -> Any:
    """The WebSocket class of uvicorn: ours, or the one it chooses itself."""
    return WebSocketProtocol if request.param == "ours" else "auto"


@pytest.fixture(params=list(TRANSPORTS))
def transports(request: pytest.FixtureRequest) -> list[str]:
    """The transports that the client uses."""
    return TRANSPORTS[request.param]


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    """What is closed at the end of the test."""
    async with AsyncExitStack() as stack:
        yield stack


@pytest.fixture
async def connect(stack: AsyncExitStack, ws_class: Any, transports: list[str]) -> Connect:
    """Serve an `AsyncServer` and connect a client to it: `client = await connect(sio)`."""
    ports: dict[int, int] = {}

    async def connect(sio: AsyncServer, **arguments: Any) -> Client:
        if id(sio) not in ports:
            ports[id(sio)] = await stack.enter_async_context(running(ASGIApp(sio), ws=ws_class))
        client = Client()
        stack.push_async_callback(client.shutdown)
        url = f"http://127.0.0.1:{ports[id(sio)]}"
        await client.connect(url, transports=transports, **arguments)
        return client

    return connect


@pytest.fixture
def port_of(stack: AsyncExitStack) -> Callable[..., Any]:
    """Serve an ASGI application; gives the port: `port = await port_of(app)`."""

    async def serve(app: Any, **settings: Any) -> int:
        return await stack.enter_async_context(running(app, **settings))

    return serve
