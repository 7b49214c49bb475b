"""Rooms: who receives what."""

from typing import Any

import pytest

from conftest import Client, Connect
from sansocket import AsyncServer


async def received(clients: list[Client]) -> list[list[Any]]:
    """What each client got before a marker that all get."""
    result: list[list[Any]] = []
    for client in clients:
        events = []
        while (event := await client.next()) != ("marker",):
            events.append(event)
        result.append(events)
    return result


async def test_an_emit_reaches_whom_it_names(connect: Connect) -> None:
    sio = AsyncServer()
    clients = [await connect(sio) for _ in range(3)]
    sids = [client.get_sid() for client in clients]
    await sio.enter_room(sids[0], "a")
    await sio.enter_room(sids[1], "a")
    await sio.enter_room(sids[1], "b")
    await sio.enter_room(sids[2], 7)

    await sio.emit("all", 1)
    await sio.emit("room", 2, room="a")
    await sio.emit("rooms, once", 3, to=["a", "b"])
    await sio.emit("one", 4, to=sids[2])
    await sio.emit("not one", 5, room="a", skip_sid=sids[0])
    await sio.emit("not two", 6, skip_sid=sids[:2])
    await sio.emit("number", 7, room=7)
    await sio.emit("nobody", 8, to=[])
    await sio.emit("empty", 9, room="c")
    await sio.emit("binary", b"10", room="a")
    await sio.send("hello", to=sids[0])
    await sio.emit("marker")

    assert await received(clients) == [
        [("all", 1), ("room", 2), ("rooms, once", 3), ("binary", b"10"), ("message", "hello")],
        [("all", 1), ("room", 2), ("rooms, once", 3), ("not one", 5), ("binary", b"10")],
        [("all", 1), ("one", 4), ("not two", 6), ("number", 7)],
    ]


async def test_rooms_are_left_and_closed(connect: Connect) -> None:
    sio = AsyncServer()
    clients = [await connect(sio) for _ in range(2)]
    sids = [client.get_sid() for client in clients]
    for sid in sids:
        await sio.enter_room(sid, "a")
        await sio.enter_room(sid, "b")
    assert sorted(sio.rooms(sids[0])) == sorted([sids[0], "a", "b"])
    await sio.leave_room(sids[0], "a")
    await sio.leave_room(sids[0], "never entered")
    await sio.leave_room("nobody", "a")
    await sio.close_room("b")
    assert sio.rooms(sids[0]) == [sids[0]]
    assert sorted(sio.rooms(sids[1])) == sorted([sids[1], "a"])
    await sio.emit("a", room="a")
    await sio.emit("b", room="b")
    await sio.emit("marker")
    assert await received(clients) == [[], [("a",)]]


async def test_rooms_belong_to_a_namespace(connect: Connect) -> None:
    sio = AsyncServer(namespaces=["/", "/x"])
    client = await connect(sio, namespaces=["/", "/x"])
    await sio.enter_room(client.get_sid("/x"), "room", namespace="/x")
    await sio.emit("in root", room="room")
    await sio.emit("in x", room="room", namespace="/x")
    await sio.emit("in nowhere", namespace="/unknown")
    await sio.emit("marker")
    assert await received([client]) == [[("in x",)]]


async def test_an_unknown_client_cannot_enter() -> None:
    sio = AsyncServer()
    with pytest.raises(ValueError, match="not connected"):
        await sio.enter_room("nobody", "room")
    assert sio.rooms("nobody") == []


async def test_a_room_is_named_by_text_or_number() -> None:
    sio = AsyncServer()
    with pytest.raises(TypeError, match="NoneType"):
        await sio.emit("event", room=["a", None])
    with pytest.raises(TypeError, match="event name"):
        await sio.emit(7)
