"""`AsyncServer`: python-socketio's server for asyncio, on the core."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from types import TracebackType
from typing import Any

from sansocket import _core, exceptions
from sansocket._core import GoneError
from sansocket.acknowledgements import Callback, CallbackWaiter, FutureWaiter
from sansocket.asgi import serve_request, serve_websocket
from sansocket.asgi_types import Output, Receive, Scope, Send
from sansocket.base_server import REASONS, BaseServer, Room, Target
from sansocket.binary import JsonModule
from sansocket.clients import Client, Socket, StartHandler
from sansocket.compression import Compression
from sansocket.engine import Engine
from sansocket.environ import environ_from_scope
from sansocket.handlers import call_handler
from sansocket.options import Cookie, Logger, Options, Origins, make_logger
from sansocket.origins import decide_origin


class AsyncServer(BaseServer):
    """A Socket.IO server for asyncio applications.

    The constructor takes python-socketio's options (see `sansocket.options.Options` for those of the
    transports). `async_handlers=False` runs the handlers of one client one after another, in the order of
    its events; otherwise each runs in a task of its own. `always_connect=True` accepts a client before its
    `connect` handler has run. `namespaces` are accepted beside those that have handlers; `"*"` accepts
    all. `json` is a module with `dumps` and `loads`, for this server only.

    Handlers are plain or coroutine functions; what they return answers the client's acknowledgement (a
    tuple is several values). One that raises is logged; nobody else notices.
    """

    def __init__(
        self,
        *,
        logger: Logger = False,
        json: JsonModule | None = None,
        async_handlers: bool = True,
        always_connect: bool = False,
        namespaces: Sequence[str] | str | None = None,
        async_mode: str | None = None,
        engineio_logger: Logger = False,
        monitor_clients: bool = True,
        ping_interval: float | tuple[float, float] = 25,
        ping_timeout: float = 20,
        connect_timeout: float = 45,
        max_http_buffer_size: int = 1_000_000,
        allow_upgrades: bool = True,
        transports: str | Sequence[str] | None = None,
        cookie: Cookie = None,
        cors_allowed_origins: Origins = None,
        cors_credentials: bool = True,
        http_compression: bool = True,
        compression_threshold: int = 1024,
    ) -> None:
        if async_mode not in (None, "asgi"):
            raise ValueError(f"async_mode {async_mode!r} is not supported: use 'asgi'")
        # `monitor_clients` has nothing to switch off: heartbeats are timers of the core.
        del monitor_clients
        options = Options(
            ping_interval=ping_interval,
            ping_timeout=ping_timeout,
            connect_timeout=connect_timeout,
            max_http_buffer_size=max_http_buffer_size,
            allow_upgrades=allow_upgrades,
            transports=transports,
            cookie=cookie,
            cors_allowed_origins=cors_allowed_origins,
            cors_credentials=cors_credentials,
        )
        super().__init__(
            options,
            logger=logger,
            json=json,
            async_handlers=async_handlers,
            always_connect=always_connect,
            namespaces=namespaces,
        )
        self.async_mode = "asgi"
        self._tasks: set[asyncio.Task[Any]] = set()
        self._origins = cors_allowed_origins
        self._compression = Compression(compression_threshold) if http_compression else None
        self._engine = Engine(self._core, self._handle, make_logger(engineio_logger, "sansocket.engine"))
        self._dispatch: dict[int, Callable[..., None]] = {
            _core.SESSION_OPENED: self._session_opened,
            _core.SESSION_UPGRADED: self._session_upgraded,
            _core.SESSION_CLOSED: self._session_closed,
            _core.CONNECT: self._client_connecting,
            _core.EVENT: self._event,
            _core.ANSWER: self._answer,
            _core.ACK_SETTLED: self._ack_failed,
            _core.DISCONNECT: self._client_disconnected,
        }

    def is_asyncio_based(self) -> bool:
        """Say which kind of namespaces and managers belong to this server."""
        return True

    def _wake(self) -> None:
        self._engine.wake()

    # Emitting

    async def emit(
        self,
        event: str,
        data: Any = None,
        to: Target = None,
        room: Target = None,
        skip_sid: Target = None,
        namespace: str | None = None,
        callback: Callback | None = None,
        ignore_queue: bool = False,
    ) -> None:
        """Emit an event to clients: all of a namespace, a room, several rooms, or one client by its sid.

        `data` is one argument, or a tuple of several; binary values may be anywhere in it. `room` is
        another name for `to`. A client that is in several of the rooms receives the event once; an empty
        list of rooms is nobody. `callback` is called with the answer of each client that received it.

        Raises TypeError or ValueError when the data cannot be JSON (NaN, for example).
        """
        waiter = callback and CallbackWaiter(callback, self._spawn, self.logger)
        self._emit(event, data, to if to is not None else room, skip_sid, namespace, waiter, None)

    async def send(
        self,
        data: Any,
        to: Target = None,
        room: Target = None,
        skip_sid: Target = None,
        namespace: str | None = None,
        callback: Callback | None = None,
        ignore_queue: bool = False,
    ) -> None:
        """Emit the event `message`."""
        await self.emit("message", data, to, room, skip_sid, namespace, callback, ignore_queue)

    async def call(
        self,
        event: str,
        data: Any = None,
        to: str | None = None,
        sid: str | None = None,
        namespace: str | None = None,
        timeout: float | None = 60,
        ignore_queue: bool = False,
    ) -> Any:
        """Emit an event to one client and wait for its answer: None, one value, or a tuple of several.

        `sid` is another name for `to`, `timeout` is in seconds. Raises `exceptions.TimeoutError` when the
        client does not answer in time, or leaves before it did.
        """
        target = to if to is not None else sid
        if target is None:
            raise ValueError("call() needs one client: give its sid as `to`")
        if not self.async_handlers:
            raise RuntimeError("call() would wait for itself when async_handlers is False")
        waiter = FutureWaiter()
        self._emit(event, data, target, None, namespace, waiter, timeout)
        return await waiter.future

    # Rooms

    async def enter_room(self, sid: str, room: Room, namespace: str | None = None) -> None:
        """Put a client into a room; the room exists as long as somebody is in it."""
        self._join(sid, room, namespace)

    async def leave_room(self, sid: str, room: Room, namespace: str | None = None) -> None:
        """Take a client out of a room."""
        self._leave(sid, room, namespace)

    async def close_room(self, room: Room, namespace: str | None = None) -> None:
        """Take everybody out of a room."""
        self._close_room(room, namespace)

    # Clients

    async def get_session(self, sid: str, namespace: str | None = None) -> dict[str, Any]:
        """Return what `save_session` stored for a client. Raises KeyError when it is not connected."""
        return self._clients.get(sid, namespace or "/").session

    async def save_session(self, sid: str, session: dict[str, Any], namespace: str | None = None) -> None:
        """Store a dictionary for a client; it lives as long as the connection."""
        self._clients.get(sid, namespace or "/").session = session

    def session(self, sid: str, namespace: str | None = None) -> "Session":
        """Return a context manager that gives the session and stores it again: `async with`."""
        return Session(self, sid, namespace)

    async def disconnect(self, sid: str, namespace: str | None = None, ignore_queue: bool = False) -> None:
        """Disconnect a client from a namespace; its `disconnect` handler runs soon after."""
        self._disconnect_socket(sid, namespace)

    # The server itself

    async def handle_request(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI request or WebSocket, wherever it was sent to."""
        allowed = await decide_origin(self._origins, scope, receive, send)
        if allowed is None:
            return
        if scope["type"] == "websocket":
            await serve_websocket(self._engine, scope, receive, allowed)
        else:
            await serve_request(self._engine, scope, receive, allowed, self._compression)

    async def shutdown(self) -> None:
        """Disconnect every client."""
        self._engine.shutdown()

    def start_background_task(
        self, target: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any
    ) -> "asyncio.Future[Any]":
        """Run a coroutine function beside everything else; returns the task."""
        task = asyncio.ensure_future(target(*args, **kwargs))
        if isinstance(task, asyncio.Task):
            self._keep(task)
        return task

    async def sleep(self, seconds: float = 0) -> None:
        """Sleep, and let others run."""
        await asyncio.sleep(seconds)

    # What the core tells

    def _handle(self, output: Output) -> None:
        self._dispatch[output[0]](*output[1:])

    def _session_opened(self, session: int, sid: str, transport: str) -> None:
        scope = self._engine.opening
        assert scope is not None, "a session opens while its request is handed over"
        self._clients.by_session[session] = Client(session, sid, environ_from_scope(scope))

    def _session_upgraded(self, session: int, conn: int) -> None:
        self.logger.info("session %s uses websocket now", session)

    def _session_closed(self, session: int, reason: str, detail: str) -> None:
        self._clients.by_session.pop(session, None)

    def _client_connecting(self, key: int, session: int, sid: str, namespace: str, auth: str) -> None:
        socket = Socket(key, sid, namespace, self._clients.by_session[session])
        self._clients.add(socket)
        if self.always_connect:
            self._accept(socket)
        # An absent auth is `{}` on the wire and None to a handler.
        args = (sid, socket.client.environ, self._codec.decode(auth, ()) or None)
        self._run(socket, lambda: self._connect(socket, args))

    def _event(self, key: int, data: str, attachments: Sequence[bytes], packet_id: int | None) -> None:
        socket = self._clients.by_socket.get(key)
        if socket is not None:
            event, *args = self._codec.decode(data, attachments)
            self.logger.info("event %r from %s [%s]", event, socket.sid, socket.namespace)
            self._run(socket, lambda: self._answer_event(socket, event, args, packet_id))

    def _answer(self, ack: int, socket: int, data: str, attachments: Sequence[bytes], last: bool) -> None:
        self._acknowledgements.answered(ack, self._codec.decode(data, attachments), last)

    def _ack_failed(self, ack: int, reason: str, missing: int) -> None:
        self._acknowledgements.failed(ack, reason)

    def _client_disconnected(self, key: int, reason: str, detail: str, rooms: str) -> None:
        socket = self._clients.by_socket.get(key)
        if socket is not None:
            socket.rooms_at_end = self._codec.decode(rooms, ())
            self._run(socket, lambda: self._disconnect(socket, REASONS.get(reason, reason)))

    # Running handlers

    def _run(self, socket: Socket, start: StartHandler) -> None:
        """Run a handler now, or after the former ones of its client if they run in order."""
        client = socket.client
        if not self.async_handlers:
            client.backlog.append(start)
            if client.runner is None:
                client.runner = self._spawn(_run_backlog(client))
            return
        coroutine = start()
        if coroutine is not None:
            self._spawn(coroutine)

    def _connect(self, socket: Socket, args: tuple[Any, ...]) -> Coroutine[Any, Any, None] | None:
        found = self._handlers.find(socket.namespace, "connect", args)
        if found is None:
            self._settle_connect(socket, None)
            return None
        try:
            with self._connecting(socket):
                result = call_handler(found[0], "connect", found[1], optional=1)
        except Exception as error:
            self._settle_connect(socket, error)
            return None
        if inspect.isawaitable(result):
            return self._await_connect(socket, result)
        self._settle_connect(socket, result)
        return None

    async def _await_connect(self, socket: Socket, result: Awaitable[Any]) -> None:
        outcome: Any
        try:
            with self._connecting(socket):
                outcome = await result
        except Exception as error:
            outcome = error
        self._settle_connect(socket, outcome)

    def _settle_connect(self, socket: Socket, result: Any) -> None:
        """Accept or refuse a client by what its `connect` handler returned or raised."""
        refusal: exceptions.ConnectionRefusedError | None = None
        if isinstance(result, exceptions.ConnectionRefusedError):
            refusal = result
        elif isinstance(result, ConnectionRefusedError):
            refusal = exceptions.ConnectionRefusedError("Connection refused by server")
        elif isinstance(result, Exception):
            self.logger.error("the connect handler failed, so the client is refused", exc_info=result)
            refusal = exceptions.ConnectionRefusedError()
        elif result is False:
            refusal = exceptions.ConnectionRefusedError()
        try:
            if refusal is None:
                self._accept(socket)
            else:
                self._refuse(socket, refusal)
        except GoneError:
            # It left while its handler ran.
            self._clients.forget(socket)
        self._wake()

    def _answer_event(
        self, socket: Socket, event: str, args: list[Any], packet_id: int | None
    ) -> Coroutine[Any, Any, None] | None:
        found = self._handlers.find(socket.namespace, event, (socket.sid, *args))
        if found is None:
            return None
        try:
            result = call_handler(found[0], event, found[1])
        except Exception:
            self.logger.exception("the handler of event %r failed", event)
            return None
        if inspect.isawaitable(result):
            return self._await_event(socket, event, result, packet_id)
        self._acknowledge(socket, event, result, packet_id)
        return None

    async def _await_event(
        self, socket: Socket, event: str, result: Awaitable[Any], packet_id: int | None
    ) -> None:
        try:
            value = await result
        except Exception:
            self.logger.exception("the handler of event %r failed", event)
        else:
            self._acknowledge(socket, event, value, packet_id)

    def _acknowledge(self, socket: Socket, event: str, value: Any, packet_id: int | None) -> None:
        if packet_id is None:
            return
        values = value if isinstance(value, tuple) else () if value is None else (value,)
        try:
            self._core.acknowledge(socket.key, packet_id, *self._codec.encode(values))
        except GoneError:
            return
        except (TypeError, ValueError):
            self.logger.exception("what the handler of event %r returned cannot be sent", event)
            return
        self._wake()

    def _disconnect(self, socket: Socket, reason: str) -> Coroutine[Any, Any, None] | None:
        self.logger.info("%s disconnected [%s]: %s", socket.sid, socket.namespace, reason)
        found = self._handlers.find(socket.namespace, "disconnect", (socket.sid, reason))
        result: Any = None
        try:
            if found is not None:
                result = call_handler(found[0], "disconnect", found[1], optional=1)
        except Exception:
            self.logger.exception("the disconnect handler failed")
        if inspect.isawaitable(result):
            return self._await_disconnect(socket, result)
        self._clients.forget(socket)
        return None

    async def _await_disconnect(self, socket: Socket, result: Awaitable[Any]) -> None:
        try:
            await result
        except Exception:
            self.logger.exception("the disconnect handler failed")
        finally:
            self._clients.forget(socket)

    def _spawn(self, coroutine: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._keep(task)
        return task

    def _keep(self, task: asyncio.Task[Any]) -> None:
        # The loop itself holds tasks weakly.
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class Session:
    """What `AsyncServer.session` returns."""

    def __init__(self, server: AsyncServer, sid: str, namespace: str | None) -> None:
        self._server = server
        self._sid = sid
        self._namespace = namespace
        self._session: dict[str, Any] = {}

    async def __aenter__(self) -> dict[str, Any]:
        """Return the session."""
        self._session = await self._server.get_session(self._sid, self._namespace)
        return self._session

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Store it again."""
        await self._server.save_session(self._sid, self._session, self._namespace)


async def _run_backlog(client: Client) -> None:
    while client.backlog:
        coroutine = client.backlog.popleft()()
        if coroutine is not None:
            await coroutine
    client.runner = None
