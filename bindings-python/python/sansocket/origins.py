"""The values of `cors_allowed_origins` that the core does not know: a function, and "not our business"."""

import inspect
from typing import Any

from sansocket.asgi_types import Message, Receive, Response, Scope, Send
from sansocket.environ import environ_from_scope
from sansocket.options import Origins
from sansocket.responses import deny, respond


async def decide_origin(origins: Origins, scope: Scope, receive: Receive, send: Send) -> Send | None:
    """Return the `send` to answer a request with, or None if the request was refused here."""
    if callable(origins):
        if await _is_allowed(origins, scope):
            return send
        if scope["type"] == "websocket":
            await deny(scope, receive, send, REFUSED)
        else:
            await respond(send, REFUSED)
        return None
    if origins is not None and not origins:
        return _without_cors(send)
    return send


async def _is_allowed(origins: Any, scope: Scope) -> bool:
    values = [value.decode("latin-1") for name, value in scope["headers"] if name.lower() == b"origin"]
    if not values:
        # Not a page of another origin: the core's own rule is the same.
        return True
    if len(values) > 1:
        return False
    try:
        inspect.signature(origins).bind(values[0], {})
    except TypeError:
        verdict = origins(values[0])
    else:
        verdict = origins(values[0], environ_from_scope(scope))
    return bool(await verdict if inspect.isawaitable(verdict) else verdict)


def _without_cors(send: Send) -> Send:
    async def send_without_cors(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = [line for line in message["headers"] if not line[0].lower().startswith(CORS_PREFIX)]
            message = {**message, "headers": headers}
        await send(message)

    return send_without_cors


CORS_PREFIX = b"access-control-"
REFUSED: Response = (403, [(b"content-type", b"application/json")], b'{"code":4,"message":"Forbidden"}')
