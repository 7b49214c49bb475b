"""Whole answers of our own, as ASGI messages."""

from sansocket.asgi_types import Receive, Response, Scope, Send


async def respond(send: Send, response: Response) -> None:
    """Send a whole HTTP response."""
    status, headers, body = response
    if not any(name == b"content-length" for name, _ in headers):
        headers = [*headers, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def deny(scope: Scope, receive: Receive | None, send: Send, response: Response) -> None:
    """Refuse a WebSocket with an HTTP response, where the server can, else with its own 403."""
    if receive is not None:
        await receive()
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": 1000})
        return
    status, headers, body = response
    await send({"type": "websocket.http.response.start", "status": status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": body})


NOT_FOUND: Response = (404, [(b"content-type", b"text/plain")], b"Not Found")
