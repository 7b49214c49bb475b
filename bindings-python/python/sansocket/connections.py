"""The two kinds of WebSocket connections: messages of an ASGI server, and a bare transport."""

import asyncio
from typing import Any

from sansocket.asgi_types import Receive, Send
from sansocket.engine import Engine

LINGER = 10.0
"""Seconds that a closed transport may take to flush what was written to it."""


class MessageConnection:
    """A connection that the ASGI server frames: one `websocket.send` per message.

    One writer at a time sends, so that messages keep their order; while it waits for the server, the
    core is told that the connection is congested and keeps what comes next in its own bounded queue.
    """

    __slots__ = ("_accepted", "_close", "_congested", "_engine", "_key", "_send", "_writer", "pending")

    def __init__(self, engine: Engine, send: Send) -> None:
        self.pending: list[str | bytes] = []
        self._engine = engine
        self._key = 0
        self._send = send
        self._accepted = False
        self._writer: asyncio.Task[None] | None = None
        self._congested = False
        self._close: tuple[int, str] | None = None

    def opened(self, key: int) -> "MessageConnection":
        """Learn the key that the core gave this connection."""
        self._key = key
        return self

    async def run(self, receive: Receive) -> None:
        """Accept the connection, then feed what the client sends, until it is gone."""
        core, key = self._engine.core, self._key
        self.flush()
        try:
            while True:
                message = await receive()
                if message["type"] != "websocket.receive":
                    break
                text = message.get("text")
                if text is not None:
                    self._engine.process(core.feed_text(key, text))
                else:
                    self._engine.process(core.feed_binary(key, message["bytes"]))
        finally:
            self._engine.lost(key)
            if self._writer is not None:
                # Nobody reads any more: a server that still holds the writer back will not let it go.
                self._writer.cancel()

    def flush(self) -> None:
        """Start the writer, or find that it is still busy."""
        if self._writer is None:
            if self.pending or self._close is not None or not self._accepted:
                self._writer = asyncio.get_running_loop().create_task(self._write())
        elif not self._congested and self._close is None:
            self._congested = True
            self._engine.process(self._engine.core.congested(self._key, True))

    def close(self, code: int, reason: str) -> None:
        """Send what is pending and a close after it."""
        if self._close is None:
            self._close = (code, reason)
            self.flush()

    async def _write(self) -> None:
        try:
            if not self._accepted:
                self._accepted = True
                await self._send({"type": "websocket.accept"})
            while self.pending:
                frames, self.pending = self.pending, []
                for frame in frames:
                    kind = "text" if isinstance(frame, str) else "bytes"
                    await self._send({"type": "websocket.send", kind: frame})
                if self._congested and not self.pending:
                    self._congested = False
                    self._engine.process(self._engine.core.congested(self._key, False))
            if self._close is not None:
                code, reason = self._close
                await self._send({"type": "websocket.close", "code": code, "reason": reason})
        except Exception:
            # The client is gone. Servers raise different exceptions here; all of them mean this.
            self.pending.clear()
            self._engine.lost(self._key)
        finally:
            self._writer = None


class TransportConnection(asyncio.Protocol):
    """A connection whose frames the core makes itself: octets in, octets out."""

    __slots__ = ("_engine", "_key", "_owners", "_transport", "pending")

    def __init__(self, engine: Engine, key: int, transport: asyncio.Transport, owners: set[Any]) -> None:
        """Take over `transport`; the connection is a member of `owners` for as long as it lives."""
        self.pending: list[Any] = []
        self._engine = engine
        self._key = key
        self._transport = transport
        self._owners = owners
        owners.add(self)

    def data_received(self, data: bytes) -> None:
        """Feed what the client sent."""
        self._engine.process(self._engine.core.feed(self._key, data))

    def eof_received(self) -> None:
        """Let the transport close: a WebSocket has no use for half a connection."""

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the core that the transport has ended."""
        self._owners.discard(self)
        self._engine.lost(self._key)

    def pause_writing(self) -> None:
        """Tell the core to keep what comes next in its own bounded queue."""
        self._engine.process(self._engine.core.congested(self._key, True))

    def resume_writing(self) -> None:
        """Tell the core that the transport takes more."""
        self._engine.process(self._engine.core.congested(self._key, False))

    def flush(self) -> None:
        """Write what is pending, as one buffer."""
        frames = self.pending
        if frames:
            self.pending = []
            self._transport.write(frames[0] if len(frames) == 1 else b"".join(frames))

    def close(self, code: int, reason: str) -> None:
        """Write what is pending (a close frame ends it) and end the transport."""
        self.flush()
        self._transport.close()
        if self._transport.get_write_buffer_size():
            # A peer that reads nothing must not keep the transport open for ever.
            asyncio.get_running_loop().call_later(LINGER, self._transport.abort)

    def shutdown(self) -> None:
        """Close because the server stops: what uvicorn calls on each of its connections."""
        self._engine.shutdown()
