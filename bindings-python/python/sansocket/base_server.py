"""What the servers have in common, whatever runs their handlers: options, handlers, rooms, emits."""

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, ClassVar, TypeVar, overload

from sansocket import exceptions
from sansocket._core import GoneError
from sansocket.acknowledgements import Acknowledgements, FutureWaiter, Waiter
from sansocket.binary import Codec, JsonModule, Packet
from sansocket.clients import Clients, Socket
from sansocket.environ import Environ
from sansocket.handlers import Handler, Handlers
from sansocket.options import Logger, Options, make_logger

Room = str | int
Target = Room | Sequence[Room] | None
HandlerType = TypeVar("HandlerType", bound=Handler)


class Reason:
    """Why a client disconnected: the second argument of a `disconnect` handler."""

    SERVER_DISCONNECT = "server disconnect"
    CLIENT_DISCONNECT = "client disconnect"
    PING_TIMEOUT = "ping timeout"
    TRANSPORT_CLOSE = "transport close"
    TRANSPORT_ERROR = "transport error"
    BUFFER_OVERFLOW = "buffer overflow"
    """More was sent to the client than it read; python-socketio has no word for it."""


class BaseServer(ABC):
    """The state of a server, and what it does without waiting for anything."""

    reason: ClassVar[type[Reason]] = Reason

    def __init__(
        self,
        options: Options,
        *,
        logger: Logger,
        json: JsonModule | None,
        async_handlers: bool,
        always_connect: bool,
        namespaces: Sequence[str] | str | None,
    ) -> None:
        self.async_handlers = async_handlers
        self.always_connect = always_connect
        self.logger: logging.Logger = make_logger(logger, "sansocket.server")
        self._handlers = Handlers()
        self._clients = Clients()
        self._codec = Codec(json)
        self._acknowledgements = Acknowledgements()
        self._core = options.core("socketio", any_namespace=namespaces == "*")
        if namespaces is not None and not isinstance(namespaces, str):
            for namespace in namespaces:
                self._core.add_namespace(namespace)

    @abstractmethod
    def is_asyncio_based(self) -> bool:
        """Say which kind of namespaces and managers belong to this server."""

    @abstractmethod
    def _wake(self) -> None:
        """Have what was queued in the core written soon."""

    # Handlers

    @overload
    def on(
        self, event: str, handler: None = None, namespace: str | None = None
    ) -> Callable[[HandlerType], HandlerType]: ...
    @overload
    def on(self, event: str, handler: HandlerType, namespace: str | None = None) -> HandlerType: ...
    def on(self, event: str, handler: Handler | None = None, namespace: str | None = None) -> Any:
        """Register the handler of an event, as a call or as a decorator.

        `"*"` as the event catches every event without a handler of its own, and is called with the event's
        name first; `"*"` as the namespace catches every namespace, and is called with its name first.
        """

        def register(function: Handler) -> Handler:
            self._handlers.add(namespace or "/", event, function)
            self._open_namespace(namespace or "/")
            return function

        return register if handler is None else register(handler)

    @overload
    def event(self, handler: HandlerType, /) -> HandlerType: ...
    @overload
    def event(self, *, namespace: str | None = None) -> Callable[[HandlerType], HandlerType]: ...
    def event(self, handler: Any = None, *, namespace: str | None = None) -> Any:
        """Register a function as the handler of the event it is named after: `@sio.event`."""

        def register(function: Any) -> Any:
            return self.on(function.__name__, function, namespace)

        return register if handler is None else register(handler)

    def register_namespace(self, namespace_handler: Any) -> None:
        """Register an object whose methods handle the events of its namespace."""
        if not hasattr(namespace_handler, "trigger_event"):
            raise ValueError("not a namespace instance")
        if namespace_handler.is_asyncio_based() != self.is_asyncio_based():
            raise ValueError("not a namespace class for this kind of server")
        namespace_handler._set_server(self)
        self._handlers.add_namespace(namespace_handler)
        self._open_namespace(namespace_handler.namespace)

    # Clients

    def rooms(self, sid: str, namespace: str | None = None) -> list[str]:
        """Return the rooms a client is in, that of its own sid among them."""
        socket = self._clients.find(sid, namespace or "/")
        if socket is None:
            return []
        return self._core.rooms(socket.key) if socket.rooms_at_end is None else list(socket.rooms_at_end)

    def get_environ(self, sid: str, namespace: str | None = None) -> Environ | None:
        """Return the `environ` of the request that opened a client's session."""
        socket = self._clients.find(sid, namespace or "/")
        return None if socket is None else socket.client.environ

    def transport(self, sid: str, namespace: str | None = None) -> str:
        """Return the transport a client uses now, `polling` or `websocket`."""
        name = self._core.transport(self._clients.get(sid, namespace or "/").client.key)
        if name is None:
            raise KeyError(f"client {sid!r} has disconnected")
        return name

    def _join(self, sid: str, room: Room, namespace: str | None) -> None:
        socket = self._clients.find(sid, namespace or "/")
        if socket is None:
            raise ValueError(f"sid {sid!r} is not connected to namespace {namespace or '/'!r}")
        self._core.join(socket.key, _name(room))

    def _leave(self, sid: str, room: Room, namespace: str | None) -> None:
        socket = self._clients.find(sid, namespace or "/")
        if socket is not None and socket.rooms_at_end is None:
            self._core.leave(socket.key, _name(room))

    def _close_room(self, room: Room, namespace: str | None) -> None:
        self._core.close_room(namespace or "/", _name(room))

    def _disconnect_socket(self, sid: str, namespace: str | None) -> None:
        socket = self._clients.find(sid, namespace or "/")
        if socket is None:
            return
        try:
            self._refuse(socket, exceptions.ConnectionRefusedError())
        except GoneError:
            return
        self._wake()

    def _accept(self, socket: Socket) -> None:
        if socket.accepted:
            return
        self._core.accept(socket.key)
        socket.accepted = True
        self.logger.info("%s connected [%s]", socket.sid, socket.namespace)
        held, socket.held = socket.held, []
        for emit in held:
            emit()

    def _refuse(self, socket: Socket, refusal: exceptions.ConnectionRefusedError) -> None:
        if socket.accepted:
            self._core.disconnect(socket.key)
        else:
            self._clients.forget(socket)
            try:
                error = self._codec.encode_value(refusal.error_args)
            except (TypeError, ValueError):
                self.logger.exception("the data of a refusal cannot be sent")
                error = self._codec.encode_value({"message": refusal.error_args["message"]})
            self._core.reject(socket.key, error)

    # Emitting

    def _emit(
        self,
        event: str,
        data: Any,
        target: Target,
        skip: Target,
        namespace: str | None,
        waiter: Waiter | None,
        timeout: float | None,
    ) -> None:
        if not isinstance(event, str):
            raise TypeError(f"an event name must be a string, not {type(event).__name__}")
        values = data if isinstance(data, tuple) else () if data is None else (data,)
        packet = self._codec.encode((event, *values))
        namespace = namespace or "/"
        self.logger.info("emitting event %r to %s [%s]", event, target or "all", namespace)
        rooms = _names(target)
        if target is not None and not rooms:
            # The core takes no rooms for "the whole namespace"; an empty list says "nobody".
            if waiter is not None:
                waiter.failed("there is nobody to answer")
            return
        skipped = _names(skip)
        self._hold(namespace, rooms, skipped, packet, waiter)
        try:
            self._emit_packet(namespace, rooms, skipped, packet, waiter, timeout)
        except GoneError:
            if waiter is not None:
                waiter.failed("nobody is connected to this namespace")
        self._wake()

    def _emit_packet(
        self,
        namespace: str,
        rooms: list[str],
        skipped: list[str],
        packet: Packet,
        waiter: Waiter | None,
        timeout: float | None,
    ) -> None:
        if waiter is None:
            self._core.emit(namespace, rooms, skipped, *packet)
            return
        socket = self._clients.find(rooms[0], namespace) if len(rooms) == 1 else None
        if socket is not None and socket.accepted:
            self._emit_to(socket, packet, waiter, timeout)
        else:
            within = BROADCAST_ANSWER_TIME if timeout is None else timeout
            self._acknowledgements.emit(
                lambda: self._core.emit_with_ack(namespace, rooms, skipped, *packet, within), waiter
            )

    def _emit_to(self, socket: Socket, packet: Packet, waiter: Waiter | None, timeout: float | None) -> None:
        if waiter is None:
            self._core.emit_to(socket.key, *packet)
        else:
            self._acknowledgements.emit(
                lambda: self._core.emit_to_with_ack(socket.key, *packet, timeout), waiter
            )

    def _hold(
        self, namespace: str, rooms: list[str], skipped: list[str], packet: Packet, waiter: Waiter | None
    ) -> None:
        """Keep what a `connect` handler emits to its own client, which is not connected yet."""
        socket = _CONNECTING.get()
        if socket is None or socket.accepted or socket.namespace != namespace:
            return
        its_rooms = self._core.rooms(socket.key)
        if (rooms and set(rooms).isdisjoint(its_rooms)) or not set(skipped).isdisjoint(its_rooms):
            return
        if isinstance(waiter, FutureWaiter):
            raise RuntimeError("call() cannot reach a client before its connect handler has returned")
        socket.held.append(lambda: self._emit_to(socket, packet, waiter, None))

    @contextmanager
    def _connecting(self, socket: Socket) -> Iterator[None]:
        """Run a `connect` handler: what it emits to its own client is held."""
        token = _CONNECTING.set(socket)
        try:
            yield
        finally:
            _CONNECTING.reset(token)

    def _open_namespace(self, namespace: str) -> None:
        if namespace != "*":
            self._core.add_namespace(namespace)


def _names(target: Target) -> list[str]:
    if target is None:
        return []
    if isinstance(target, str | int):
        return [_name(target)]
    return [_name(room) for room in target]


def _name(room: Room) -> str:
    if isinstance(room, str):
        return room
    if isinstance(room, int):
        # python-socketio takes any hashable value; numbers are what people use.
        return str(room)
    raise TypeError(f"a room is named by a string or an integer, not {type(room).__name__}")


BROADCAST_ANSWER_TIME = 60.0
"""Seconds that the receivers of an emit to a room have for their answers."""

_CONNECTING: ContextVar[Socket | None] = ContextVar("connecting", default=None)

REASONS = {
    "server namespace disconnect": Reason.SERVER_DISCONNECT,
    "forced close": Reason.SERVER_DISCONNECT,
    "forced server close": Reason.SERVER_DISCONNECT,
    "server shutting down": Reason.SERVER_DISCONNECT,
    "client namespace disconnect": Reason.CLIENT_DISCONNECT,
    "parse error": Reason.TRANSPORT_ERROR,
}
"""The core speaks as socket.io does; these are python-socketio's words for the same."""
