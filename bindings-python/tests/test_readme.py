"""The program in the README does what it says."""

import re
from pathlib import Path
from typing import Any

import pytest
import socketio

from conftest import Client

README = Path(__file__).parents[1] / "README.md"


async def test_the_server_of_the_readme(port_of: Any, stack: Any) -> None:
    source = re.search(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    assert source is not None
    program: dict[str, Any] = {}
    exec(source[1], program)
    url = f"http://127.0.0.1:{await port_of(program['app'])}"
    clients = [Client(), Client()]
    for client in clients:
        stack.push_async_callback(client.shutdown)
        await client.connect(url, auth={"name": "ada"})
    assert await clients[0].call("chat message", "hello") == "saved"
    assert await clients[1].next() == ("chat message", "hello")
    assert clients[0].received.empty()
    with pytest.raises(socketio.exceptions.ConnectionError):
        await Client().connect(url, wait_timeout=1)
