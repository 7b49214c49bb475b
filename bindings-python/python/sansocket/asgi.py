"""`ASGIApp`: a Socket.IO server as an ASGI application, beside another one or alone."""

import asyncio
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sansocket.asgi_types import ASGIApplication, Receive, Response, Scope, Send
from sansocket.compression import Compression
from sansocket.connections import MessageConnection
from sansocket.engine import Engine
from sansocket.responses import NOT_FOUND, deny, respond
from sansocket.static_files import StaticFiles, find_static_file

Hook = Callable[[], Any]

TRANSPORT_EXTENSION = "sansocket.transport"
"""Where our uvicorn protocol class offers its transport: `scope["extensions"][TRANSPORT_EXTENSION]`."""


class ASGIApp:
    """Serves a Socket.IO server below a path, and other things elsewhere.

    `socketio_server` is an `AsyncServer`. `other_asgi_app` gets everything outside of `socketio_path`.
    `static_files` maps paths to files (see `find_static_file`). With `socketio_path=None` everything goes
    to the Socket.IO server. `on_startup` and `on_shutdown` are functions or coroutine functions.
    """

    def __init__(
        self,
        socketio_server: Any,
        other_asgi_app: ASGIApplication | None = None,
        static_files: StaticFiles | None = None,
        socketio_path: str | None = "socket.io",
        on_startup: Hook | None = None,
        on_shutdown: Hook | None = None,
    ) -> None:
        self.engineio_server = socketio_server
        self.other_asgi_app = other_asgi_app
        self.static_files = static_files or {}
        self.on_startup = on_startup
        self.on_shutdown = on_shutdown
        self._path = None if socketio_path is None else "/" + socketio_path.strip("/") + "/"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, one WebSocket, or the server's lifespan."""
        kind = scope["type"]
        if kind == "lifespan":
            await self._lifespan(scope, receive, send)
        elif kind in ("http", "websocket") and self._is_ours(scope):
            await self.engineio_server.handle_request(scope, receive, send)
        elif not (kind == "http" and await self._serve_static_file(scope, send)):
            if self.other_asgi_app is not None:
                await self.other_asgi_app(scope, receive, send)
            elif kind == "websocket":
                await deny(scope, receive, send, NOT_FOUND)
            else:
                await respond(send, NOT_FOUND)

    def _is_ours(self, scope: Scope) -> bool:
        if self._path is None:
            return True
        path = scope["path"]
        # Below a mount the path may or may not still begin with the mount's own (ASGI 2.x against 3.x).
        relative = path.removeprefix(scope.get("root_path", ""))
        return any((each.rstrip("/") + "/").startswith(self._path) for each in (path, relative))

    async def _serve_static_file(self, scope: Scope, send: Send) -> bool:
        found = find_static_file(scope["path"], self.static_files)
        if found is None:
            return False
        filename, content_type = found
        body = await asyncio.to_thread(_read, filename)
        if body is None:
            return False
        await respond(send, (200, [(b"content-type", content_type.encode())], body))
        return True

    async def _lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.other_asgi_app is not None and self.on_startup is None and self.on_shutdown is None:
            await self.other_asgi_app(scope, receive, send)
            return
        while True:
            event = (await receive())["type"].removeprefix("lifespan.")
            try:
                await _call(self.on_startup if event == "startup" else self.on_shutdown)
            except Exception as error:
                await send({"type": f"lifespan.{event}.failed", "message": repr(error)})
                return
            await send({"type": f"lifespan.{event}.complete"})
            if event == "shutdown":
                return


async def serve_request(
    engine: Engine, scope: Scope, receive: Receive, send: Send, compression: Compression | None = None
) -> None:
    """Answer one request of the polling transport."""
    request, reply = engine.request(scope)
    try:
        if not reply.done():
            has_body = scope["method"] == "POST"
            body = asyncio.ensure_future(_feed_body(engine, request, reply, receive, has_body))
            try:
                await asyncio.wait((reply, body), return_when=asyncio.FIRST_COMPLETED)
            finally:
                body.cancel()
            if not reply.done():
                # The client is gone, or `receive` failed: then let that be known.
                return body.result()
        response = reply.result()
        await respond(send, response if compression is None else compression.apply(scope, response))
    finally:
        engine.abort(request)


async def _feed_body(
    engine: Engine, request: int, reply: asyncio.Future[Response], receive: Receive, has_body: bool
) -> None:
    """Feed the body while it comes, then watch for the client going away; returns when it has."""
    ended = not has_body
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        if not ended:
            ended = not message.get("more_body", False)
            engine.process(engine.core.body(request, message.get("body", b""), ended))
            if reply.done():
                return


async def serve_websocket(engine: Engine, scope: Scope, receive: Receive, send: Send) -> None:
    """Serve one WebSocket, on the transport itself if the server offers it."""
    # Taken out: the scope outlives the request, the offer does not.
    offer = scope.get("extensions", {}).pop(TRANSPORT_EXTENSION, None)
    if offer is not None:
        offer.take_over(engine, scope)
        return
    await receive()
    connection = MessageConnection(engine, send)
    refusal = engine.upgrade(scope, False, [], connection.opened)
    if refusal is None:
        await connection.run(receive)
    else:
        await deny(scope, None, send, refusal)


def _read(filename: str) -> bytes | None:
    try:
        return Path(filename).read_bytes()
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return None


async def _call(hook: Hook | None) -> None:
    if hook is not None:
        result = hook()
        if inspect.isawaitable(result):
            await result
