"""What the server raises, and what a handler raises to refuse a client.

The names are python-socketio's. Two of them shadow builtins on purpose: `except
socketio.exceptions.TimeoutError` keeps meaning what it meant.
"""

from typing import Any


class SocketIOError(Exception):
    """The base class of everything here."""


class ConnectionError(SocketIOError):
    """A connection could not be made or kept."""


class ConnectionRefusedError(ConnectionError):
    """Raised by a `connect` handler to refuse the client.

    The first argument becomes the `message` of the client's `connect_error`, and what follows its
    `data`: one value as it is, several as a list.
    """

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.error_args: dict[str, Any] = {
            "message": str(args[0]) if args else "Connection rejected by server"
        }
        if len(args) == 2:
            self.error_args["data"] = args[1]
        elif len(args) > 2:
            self.error_args["data"] = list(args[1:])


class TimeoutError(SocketIOError):
    """The client did not acknowledge in time, or left before it did."""


class BadNamespaceError(SocketIOError):
    """The namespace is not connected."""


class DisconnectedError(SocketIOError):
    """The connection has ended."""
