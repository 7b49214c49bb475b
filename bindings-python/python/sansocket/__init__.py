"""Socket.IO, Engine.IO and WebSocket servers on a Rust core.

The names are python-socketio's: `import sansocket as socketio` is the whole migration.
"""

from sansocket import exceptions
from sansocket._core import __version__
from sansocket.asgi import ASGIApp
from sansocket.async_server import AsyncServer
from sansocket.namespace import AsyncNamespace

__all__ = ["ASGIApp", "AsyncNamespace", "AsyncServer", "__version__", "exceptions"]
