"""Events and acknowledgements, both ways, over every transport."""

import asyncio
import logging
from typing import Any

import pytest

from conftest import PATIENCE, Connect
from sansocket import AsyncServer, exceptions

VALUES = [
    "text",
    "snow ☃, a smile 😀, half a pair \ud83d",
    7,
    -1.5,
    True,
    None,
    [],
    {"nested": [1, {"deep": ["x"]}]},
    b"\x00\xff",
    {"binary": b"a", "list": [b"b", {"again": b"c"}]},
]


async def never() -> None:
    await asyncio.get_running_loop().create_future()


@pytest.fixture
def sio() -> AsyncServer:
    sio = AsyncServer()

    @sio.event
    async def echo(sid: str, *args: Any) -> tuple[Any, ...]:
        return args

    @sio.on("echo sync")
    def echo_sync(sid: str, *args: Any) -> tuple[Any, ...]:
        return args

    @sio.event
    async def back(sid: str, *args: Any) -> None:
        await sio.emit("back", args, to=sid)

    return sio


@pytest.mark.parametrize("value", VALUES, ids=repr)
async def test_a_value_comes_back_as_it_was(sio: AsyncServer, connect: Connect, value: Any) -> None:
    client = await connect(sio)
    assert await client.call("echo", value) == value


async def test_a_tuple_is_several_arguments(sio: AsyncServer, connect: Connect) -> None:
    client = await connect(sio)
    await client.emit("back", (1, "two", b"three"))
    assert await client.next() == ("back", 1, "two", b"three")
    assert await client.call("echo", (1, b"2")) == (1, b"2")


async def test_a_plain_function_is_a_handler_too(sio: AsyncServer, connect: Connect) -> None:
    client = await connect(sio)
    assert await client.call("echo sync", ("a", "b")) == ("a", "b")


async def test_nothing_returned_is_an_acknowledgement_without_arguments(connect: Connect) -> None:
    sio = AsyncServer()
    sio.on("quiet", lambda sid: None)
    client = await connect(sio)
    answers: asyncio.Queue[Any] = asyncio.Queue()
    await client.emit("quiet", callback=lambda *args: answers.put_nowait(args))
    assert await asyncio.wait_for(answers.get(), PATIENCE) == ()


async def test_the_server_asks_and_the_client_answers(sio: AsyncServer, connect: Connect) -> None:
    client = await connect(sio)
    client.on("question", lambda *args: (*args, b"answer"))
    sid = client.get_sid()
    assert await sio.call("question", ("a", b"b"), to=sid) == ("a", b"b", b"answer")
    assert await sio.call("question", to=sid, timeout=PATIENCE) == b"answer"


async def test_a_callback_gets_the_answer(sio: AsyncServer, connect: Connect) -> None:
    client = await connect(sio)
    client.on("question", lambda *args: args)
    answers: asyncio.Queue[Any] = asyncio.Queue()

    async def later(*args: Any) -> None:
        answers.put_nowait(("later", *args))

    await sio.emit("question", 1, to=client.get_sid(), callback=lambda *args: answers.put_nowait(args))
    await sio.emit("question", (2, 3), to=client.get_sid(), callback=later)
    assert await asyncio.wait_for(answers.get(), PATIENCE) == (1,)
    assert await asyncio.wait_for(answers.get(), PATIENCE) == ("later", 2, 3)


async def test_a_callback_on_a_room_is_called_for_each_answer(sio: AsyncServer, connect: Connect) -> None:
    clients = [await connect(sio), await connect(sio)]
    answers: asyncio.Queue[Any] = asyncio.Queue()
    for number, client in enumerate(clients):
        client.on("who", lambda number=number: number)
    await sio.emit("who", callback=answers.put_nowait)
    assert {await asyncio.wait_for(answers.get(), PATIENCE) for _ in clients} == {0, 1}


async def test_a_call_that_nobody_answers_times_out(sio: AsyncServer, connect: Connect) -> None:
    client = await connect(sio)
    client.on("question", never)
    with pytest.raises(exceptions.TimeoutError):
        await sio.call("question", to=client.get_sid(), timeout=0.05)


async def test_a_call_ends_when_its_client_leaves(sio: AsyncServer, connect: Connect) -> None:
    client = await connect(sio)
    asked: asyncio.Queue[None] = asyncio.Queue()

    async def question() -> None:
        asked.put_nowait(None)
        await never()

    client.on("question", question)
    call = asyncio.create_task(sio.call("question", to=client.get_sid()))
    await asyncio.wait_for(asked.get(), PATIENCE)
    await client.disconnect()
    with pytest.raises(exceptions.TimeoutError, match="disconnected"):
        await asyncio.wait_for(call, PATIENCE)


async def test_a_call_to_nobody_ends_at_once(sio: AsyncServer, connect: Connect) -> None:
    with pytest.raises(exceptions.TimeoutError):
        await sio.call("question", to="nobody")
    await connect(sio)
    for namespace in ("/", "/unknown"):
        with pytest.raises(exceptions.TimeoutError):
            await asyncio.wait_for(sio.call("question", to="nobody", namespace=namespace), PATIENCE)


async def test_a_handler_may_call_its_client(connect: Connect) -> None:
    sio = AsyncServer()

    @sio.event
    async def start(sid: str) -> Any:
        return await sio.call("question", "of the handler", to=sid)

    client = await connect(sio)
    client.on("question", lambda text: text.upper())
    assert await client.call("start") == "OF THE HANDLER"


async def test_a_failing_handler_is_logged_and_nobody_else_notices(
    sio: AsyncServer, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    @sio.on("fail")
    async def fail(sid: str) -> None:
        raise ZeroDivisionError

    @sio.on("fail sync")
    def fail_sync(sid: str) -> None:
        raise ZeroDivisionError

    client = await connect(sio)
    await client.emit("fail")
    await client.emit("fail sync")
    assert await client.call("echo", "still here") == "still here"
    failures = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert {record.getMessage() for record in failures} == {
        "the handler of event 'fail' failed",
        "the handler of event 'fail sync' failed",
    }
    assert all(record.exc_info for record in failures)


async def test_the_wrong_number_of_arguments_gives_a_clear_message(
    sio: AsyncServer, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    @sio.event
    async def one(sid: str, only: Any) -> None:
        raise AssertionError("it cannot be called")

    client = await connect(sio)
    await client.emit("one", (1, 2))
    assert await client.call("echo", 1) == 1
    assert "one(sid: str, only: Any)" in caplog.text
    assert "event 'one' was called with 3 arguments" in caplog.text


async def test_an_answer_that_cannot_be_sent_is_logged(
    sio: AsyncServer, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    sio.on("unsendable", lambda sid: object())
    client = await connect(sio)
    await client.emit("unsendable", callback=lambda: None)
    assert await client.call("echo", 1) == 1
    assert "what the handler of event 'unsendable' returned cannot be sent" in caplog.text


async def test_catch_all_handlers_get_the_names(connect: Connect) -> None:
    sio = AsyncServer(namespaces="*")
    sio.on("*", lambda event, sid, *args: ("in /", event, *args))
    sio.on("known", lambda namespace, sid: ("known in", namespace), namespace="*")
    sio.on("*", lambda event, namespace, sid, *args: (event, namespace, *args), namespace="*")
    client = await connect(sio, namespaces=["/", "/a"])
    assert await client.call("anything", 1) == ("in /", "anything", 1)
    assert await client.call("known", namespace="/a") == ("known in", "/a")
    assert await client.call("other", 2, namespace="/a") == ("other", "/a", 2)


async def test_in_order_handlers_run_one_after_another(connect: Connect) -> None:
    sio = AsyncServer(async_handlers=False)
    order: list[str] = []

    @sio.event
    async def slow(sid: str, name: str) -> None:
        order.append(f"{name} begins")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        order.append(f"{name} ends")

    sio.on("quick", lambda sid: order.append("quick"))
    sio.on("order", lambda sid: [order])
    client = await connect(sio)
    await client.emit("slow", "first")
    await client.emit("quick")
    await client.emit("slow", "second")
    assert await client.call("order") == [
        ["first begins", "first ends", "quick", "second begins", "second ends"]
    ]
    with pytest.raises(RuntimeError, match="async_handlers"):
        await sio.call("question", to=client.get_sid())


async def test_a_thread_may_emit(sio: AsyncServer, connect: Connect) -> None:
    client = await connect(sio)
    await asyncio.to_thread(lambda: asyncio.run(sio.emit("from a thread", 1)))
    assert await client.next() == ("from a thread", 1)


async def test_a_large_message_passes_both_ways(sio: AsyncServer, connect: Connect) -> None:
    client = await connect(sio)
    text, data = "x" * 300_000, bytes(300_000)
    assert await client.call("echo", (text, data)) == (text, data)
