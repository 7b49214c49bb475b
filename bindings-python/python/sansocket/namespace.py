"""Class-based namespaces: a class whose `on_<event>` methods are the handlers."""

from typing import TYPE_CHECKING, Any

from sansocket.handlers import call_handler

if TYPE_CHECKING:
    from sansocket.async_server import AsyncServer, Session
    from sansocket.base_server import Target


class AsyncNamespace:
    """The handlers of one namespace of an `AsyncServer`.

    Methods named `on_<event>` handle events and may be coroutine functions or plain ones. The methods
    below are the server's own, with this namespace as the default.
    """

    def __init__(self, namespace: str | None = None) -> None:
        self.namespace = namespace or "/"
        self.server: AsyncServer | None = None

    def is_asyncio_based(self) -> bool:
        """Say which kind of server this namespace belongs to."""
        return True

    async def trigger_event(self, event: str, *args: Any) -> Any:
        """Call the method that handles `event`; override it for other rules of dispatch."""
        handler = getattr(self, "on_" + event, None)
        if handler is None:
            return None
        result = call_handler(handler, event, args, _OPTIONAL.get(event, 0))
        if hasattr(result, "__await__"):
            return await result
        return result

    async def emit(
        self,
        event: str,
        data: Any = None,
        to: "Target" = None,
        room: "Target" = None,
        skip_sid: "Target" = None,
        namespace: str | None = None,
        callback: Any = None,
        ignore_queue: bool = False,
    ) -> None:
        """See `AsyncServer.emit`."""
        await self._attached.emit(
            event, data, to, room, skip_sid, namespace or self.namespace, callback, ignore_queue
        )

    async def send(
        self,
        data: Any,
        to: "Target" = None,
        room: "Target" = None,
        skip_sid: "Target" = None,
        namespace: str | None = None,
        callback: Any = None,
        ignore_queue: bool = False,
    ) -> None:
        """See `AsyncServer.send`."""
        await self._attached.send(
            data, to, room, skip_sid, namespace or self.namespace, callback, ignore_queue
        )

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
        """See `AsyncServer.call`."""
        return await self._attached.call(
            event, data, to, sid, namespace or self.namespace, timeout, ignore_queue
        )

    async def enter_room(self, sid: str, room: str, namespace: str | None = None) -> None:
        """See `AsyncServer.enter_room`."""
        await self._attached.enter_room(sid, room, namespace or self.namespace)

    async def leave_room(self, sid: str, room: str, namespace: str | None = None) -> None:
        """See `AsyncServer.leave_room`."""
        await self._attached.leave_room(sid, room, namespace or self.namespace)

    async def close_room(self, room: str, namespace: str | None = None) -> None:
        """See `AsyncServer.close_room`."""
        await self._attached.close_room(room, namespace or self.namespace)

    def rooms(self, sid: str, namespace: str | None = None) -> list[str]:
        """See `AsyncServer.rooms`."""
        return self._attached.rooms(sid, namespace or self.namespace)

    async def get_session(self, sid: str, namespace: str | None = None) -> dict[str, Any]:
        """See `AsyncServer.get_session`."""
        return await self._attached.get_session(sid, namespace or self.namespace)

    async def save_session(self, sid: str, session: dict[str, Any], namespace: str | None = None) -> None:
        """See `AsyncServer.save_session`."""
        await self._attached.save_session(sid, session, namespace or self.namespace)

    def session(self, sid: str, namespace: str | None = None) -> "Session":
        """See `AsyncServer.session`."""
        return self._attached.session(sid, namespace or self.namespace)

    async def disconnect(self, sid: str, namespace: str | None = None) -> None:
        """See `AsyncServer.disconnect`."""
        await self._attached.disconnect(sid, namespace or self.namespace)

    def _set_server(self, server: "AsyncServer") -> None:
        self.server = server

    @property
    def _attached(self) -> "AsyncServer":
        if self.server is None:
            raise RuntimeError("this namespace is not registered: pass it to register_namespace() first")
        return self.server


_OPTIONAL = {"connect": 1, "disconnect": 1}
