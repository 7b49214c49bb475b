"""The types that ASGI applications are made of."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApplication = Callable[[Scope, Receive, Send], Awaitable[None]]

Headers = list[tuple[bytes, bytes]]
Response = tuple[int, Headers, bytes]
"""Status, header lines, body."""

Output = tuple[Any, ...]
"""What the core says: a constant of `_core` and what belongs to it."""
