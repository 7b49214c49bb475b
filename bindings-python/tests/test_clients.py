"""Who may connect, what is known about them, and how they leave."""

import asyncio
import json
from typing import Any

import pytest
import socketio
import websockets

from conftest import PATIENCE, Connect
from sansocket import ASGIApp, AsyncNamespace, AsyncServer, exceptions


async def test_the_connect_handler_sees_the_request_and_the_auth(connect: Connect) -> None:
    sio = AsyncServer()
    seen: list[Any] = []
    sio.on("connect", lambda sid, environ, auth: seen.append((sid, environ, auth)))
    client = await connect(sio, auth={"token": "☃"}, headers={"X-Custom": "value"})
    sid, environ, auth = seen[0]
    assert sid == client.get_sid()
    assert auth == {"token": "☃"}
    assert environ["REMOTE_ADDR"] == "127.0.0.1"
    assert int(environ["REMOTE_PORT"]) > 0
    assert environ["HTTP_X_CUSTOM"] == "value"
    assert environ["PATH_INFO"] == "/socket.io/"
    assert "EIO=4" in environ["QUERY_STRING"]
    assert environ["asgi.scope"]["path"] == "/socket.io/"
    assert sio.get_environ(sid) is environ
    assert sio.get_environ("nobody") is None


@pytest.mark.parametrize("arity", [2, 3])
@pytest.mark.parametrize("auth", [None, {"a": 1}])
async def test_the_auth_argument_is_optional(connect: Connect, arity: int, auth: Any) -> None:
    sio = AsyncServer()
    seen: list[Any] = []
    if arity == 2:
        sio.on("connect", lambda sid, environ: seen.append("no auth"))
    else:
        sio.on("connect", lambda sid, environ, auth: seen.append(auth))
    await connect(sio, auth=auth)
    assert seen == ["no auth" if arity == 2 else auth]


REFUSALS = {
    "false": (False, {"message": "Connection rejected by server"}),
    "bare": (exceptions.ConnectionRefusedError(), {"message": "Connection rejected by server"}),
    "text": (exceptions.ConnectionRefusedError("go away"), {"message": "go away"}),
    "data": (
        exceptions.ConnectionRefusedError("go away", {"code": 7}),
        {"message": "go away", "data": {"code": 7}},
    ),
    "several": (
        exceptions.ConnectionRefusedError("go away", 1, 2),
        {"message": "go away", "data": [1, 2]},
    ),
    "unsendable": (exceptions.ConnectionRefusedError("go away", object()), {"message": "go away"}),
    "builtin": (ConnectionRefusedError(), {"message": "Connection refused by server"}),
    "failure": (ZeroDivisionError(), {"message": "Connection rejected by server"}),
}


@pytest.mark.parametrize("refusal", REFUSALS)
async def test_a_refusal_reaches_the_client(connect: Connect, refusal: str) -> None:
    outcome, expected = REFUSALS[refusal]
    sio = AsyncServer(namespaces=["/open"])
    errors: asyncio.Queue[Any] = asyncio.Queue()

    @sio.on("connect", namespace="/closed")
    async def connect_handler(sid: str, environ: Any) -> Any:
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    client = await connect(sio, namespaces=["/open"])
    client.on("connect_error", errors.put_nowait, namespace="/closed")
    await client._send_packet(socketio.packet.Packet(socketio.packet.CONNECT, namespace="/closed"))
    assert await asyncio.wait_for(errors.get(), PATIENCE) == expected


async def test_an_unknown_namespace_is_refused(connect: Connect) -> None:
    with pytest.raises(socketio.exceptions.ConnectionError, match="failed to connect"):
        await connect(AsyncServer(), namespaces=["/unknown"], wait_timeout=1)


async def test_what_a_connect_handler_emits_to_its_client_follows_the_connection(connect: Connect) -> None:
    sio = AsyncServer()

    @sio.on("connect")
    async def connect_handler(sid: str, environ: Any) -> None:
        await sio.enter_room(sid, "room")
        await sio.emit("to the room", 1, room="room")
        await sio.emit("to the client", b"2", to=sid)
        await sio.emit("to all", 3)
        await sio.emit("to the others", 4, skip_sid=sid)
        await sio.emit("to another room", 5, room="elsewhere")

    sio.on("ping", lambda sid: "pong")
    client = await connect(sio)
    assert [await client.next() for _ in range(3)] == [
        ("to the room", 1),
        ("to the client", b"2"),
        ("to all", 3),
    ]
    assert await client.call("ping") == "pong"
    assert client.received.empty()


async def test_a_connect_handler_may_disconnect_its_client(connect: Connect) -> None:
    sio = AsyncServer(namespaces=["/open"])
    errors: asyncio.Queue[Any] = asyncio.Queue()

    @sio.on("connect", namespace="/closed")
    async def connect_handler(sid: str, environ: Any) -> None:
        await sio.disconnect(sid, namespace="/closed")
        assert sio.rooms(sid, namespace="/closed") == []

    client = await connect(sio, namespaces=["/open"])
    client.on("connect_error", errors.put_nowait, namespace="/closed")
    await client._send_packet(socketio.packet.Packet(socketio.packet.CONNECT, namespace="/closed"))
    assert await asyncio.wait_for(errors.get(), PATIENCE) == {"message": "Connection rejected by server"}


async def test_a_client_may_leave_while_its_connect_handler_runs(port_of: Any, ws_class: Any) -> None:
    sio = AsyncServer()
    running = asyncio.Event()
    may_decide = asyncio.Event()
    gone: asyncio.Queue[str] = asyncio.Queue()
    sio.on("disconnect", gone.put_nowait)
    sio.on("disconnect", lambda sid: gone.put_nowait("never accepted"), namespace="/slow")

    @sio.on("connect", namespace="/slow")
    async def connect_handler(sid: str, environ: Any) -> None:
        running.set()
        await may_decide.wait()

    port = await port_of(ASGIApp(sio), ws=ws_class)
    async with websockets.connect(f"ws://127.0.0.1:{port}/socket.io/?EIO=4&transport=websocket") as client:
        await client.recv()
        await client.send("40")
        sid = json.loads((await client.recv())[2:])["sid"]
        await client.send("40/slow")
        await asyncio.wait_for(running.wait(), PATIENCE)
    assert await asyncio.wait_for(gone.get(), PATIENCE) == sid
    may_decide.set()
    while list(sio._clients):
        await asyncio.sleep(0)
    assert gone.empty()
    assert sio._clients.by_session == {}


async def test_always_connect_accepts_first(connect: Connect) -> None:
    sio = AsyncServer(always_connect=True)
    may_decide = asyncio.Event()

    @sio.on("connect")
    async def connect_handler(sid: str, environ: Any) -> bool:
        await sio.emit("hello", to=sid)
        await may_decide.wait()
        return False

    client = await connect(sio)
    assert await client.next() == ("hello",)
    may_decide.set()
    assert await asyncio.wait_for(client.ended.get(), PATIENCE) == "server disconnect"


async def test_a_client_that_leaves_is_told_of_once(connect: Connect) -> None:
    sio = AsyncServer()
    gone: asyncio.Queue[Any] = asyncio.Queue()

    @sio.event
    async def disconnect(sid: str, reason: str) -> None:
        await asyncio.sleep(0)
        session = await sio.get_session(sid)
        gone.put_nowait((sid, reason, sorted(sio.rooms(sid)), session, sio.get_environ(sid) is not None))

    client = await connect(sio)
    sid = client.get_sid()
    await sio.enter_room(sid, "room")
    await sio.save_session(sid, {"name": "alice"})
    await client.disconnect()
    left, reason, rooms, session, environ = await asyncio.wait_for(gone.get(), PATIENCE)
    assert (left, rooms, session, environ) == (sid, sorted([sid, "room"]), {"name": "alice"}, True)
    assert reason in (sio.reason.CLIENT_DISCONNECT, sio.reason.TRANSPORT_CLOSE)
    await asyncio.sleep(0)
    assert gone.empty()
    assert sio.rooms(sid) == []
    with pytest.raises(KeyError):
        await sio.get_session(sid)


async def test_the_server_disconnects_a_client(connect: Connect) -> None:
    sio = AsyncServer()
    gone: asyncio.Queue[Any] = asyncio.Queue()
    # The legacy form: no reason.
    sio.on("disconnect", lambda sid: gone.put_nowait(sid))
    client = await connect(sio)
    sid = client.get_sid()
    await sio.disconnect(sid)
    assert await asyncio.wait_for(client.ended.get(), PATIENCE) == "server disconnect"
    assert await asyncio.wait_for(gone.get(), PATIENCE) == sid
    await sio.disconnect(sid)
    await sio.disconnect("nobody")


async def test_a_session_belongs_to_a_client_and_a_namespace(connect: Connect) -> None:
    sio = AsyncServer(namespaces=["/", "/other"])
    client = await connect(sio, namespaces=["/", "/other"])
    sid, other = client.get_sid(), client.get_sid("/other")
    async with sio.session(sid) as session:
        session["name"] = "alice"
    assert await sio.get_session(sid) == {"name": "alice"}
    assert await sio.get_session(other, namespace="/other") == {}
    with pytest.raises(KeyError):
        await sio.get_session(sid, namespace="/other")


async def test_the_transport_is_known(connect: Connect, transports: list[str]) -> None:
    sio = AsyncServer()
    sio.on("transport", lambda sid: sio.transport(sid))
    client = await connect(sio)
    assert await client.call("transport") == transports[-1]
    with pytest.raises(KeyError):
        sio.transport("nobody")


async def test_a_namespace_class_handles_its_events(connect: Connect) -> None:
    class Chat(AsyncNamespace):
        async def on_connect(self, sid: str, environ: Any) -> None:
            await self.save_session(sid, {"name": "alice"})
            await self.enter_room(sid, "room")

        def on_disconnect(self, sid: str) -> None:
            gone.put_nowait(sid)

        async def on_who(self, sid: str) -> Any:
            async with self.session(sid) as session:
                return session["name"], sorted(self.rooms(sid)) == sorted([sid, "room"])

        async def on_shout(self, sid: str, text: str) -> None:
            await self.emit("shouted", text, room="room")
            await self.send("sent", to=sid)
            assert await self.call("question", 1, to=sid) == 2
            await self.leave_room(sid, "room")
            await self.close_room("room")
            await self.disconnect(sid)

    gone: asyncio.Queue[str] = asyncio.Queue()
    sio = AsyncServer()
    sio.register_namespace(Chat("/chat"))
    client = await connect(sio, namespaces=["/chat"])
    sid = client.get_sid("/chat")
    client.on("question", lambda number: number + 1, namespace="/chat")
    client.listen("/chat")
    assert await client.call("who", namespace="/chat") == ("alice", True)
    await client.emit("shout", "hey", namespace="/chat")
    assert await client.next() == ("shouted", "hey")
    assert await client.next() == ("message", "sent")
    assert await asyncio.wait_for(gone.get(), PATIENCE) == sid


async def test_what_is_no_namespace_is_refused() -> None:
    with pytest.raises(ValueError, match="namespace"):
        AsyncServer().register_namespace(object())
    with pytest.raises(RuntimeError, match="register_namespace"):
        await AsyncNamespace("/x").emit("event")


async def test_a_background_task_runs(connect: Connect) -> None:
    sio = AsyncServer()

    async def work(text: str, times: int) -> str:
        await sio.sleep(0)
        return text * times

    assert await sio.start_background_task(work, "ab", times=2) == "abab"


async def test_shutdown_ends_every_client(connect: Connect) -> None:
    sio = AsyncServer()
    gone: asyncio.Queue[Any] = asyncio.Queue()
    sio.on("disconnect", lambda sid, reason: gone.put_nowait((sid, reason)))
    clients = [await connect(sio), await connect(sio)]
    sids = {client.get_sid() for client in clients}
    await sio.shutdown()
    ended = [await asyncio.wait_for(gone.get(), PATIENCE) for _ in clients]
    assert {sid for sid, _ in ended} == sids
    assert {reason for _, reason in ended} == {"server disconnect"}
    for client in clients:
        await asyncio.wait_for(client.ended.get(), PATIENCE)
