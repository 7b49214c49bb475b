"""Which function handles which event: what `on`, `event` and `register_namespace` fill."""

import inspect
from collections.abc import Callable
from typing import Any, Protocol

Handler = Callable[..., Any]

RESERVED_EVENTS = frozenset({"connect", "disconnect"})
"""Events that a catch-all handler does not get."""


class NamespaceHandler(Protocol):
    """A class-based namespace."""

    namespace: str

    def trigger_event(self, event: str, *args: Any) -> Any:
        """Handle one event."""


class Handlers:
    """The handlers of one server, by namespace and event; `"*"` stands for any."""

    def __init__(self) -> None:
        self._functions: dict[str, dict[str, Handler]] = {}
        self._namespaces: dict[str, NamespaceHandler] = {}

    def add(self, namespace: str, event: str, handler: Handler) -> None:
        """Let `handler` handle `event`, instead of whatever did."""
        if not callable(handler):
            raise TypeError(f"the handler of event {event!r} must be callable, not {type(handler).__name__}")
        self._functions.setdefault(namespace, {})[event] = handler

    def add_namespace(self, handler: NamespaceHandler) -> None:
        """Let an object handle what no function handles in its namespace."""
        self._namespaces[handler.namespace] = handler

    def find(
        self, namespace: str, event: str, args: tuple[Any, ...]
    ) -> tuple[Handler, tuple[Any, ...]] | None:
        """Return the handler of an event and the arguments to call it with.

        The first of these that exists: the event in its namespace, the catch-all event of the namespace,
        the event in the catch-all namespace, the catch-all of both, a namespace object, the catch-all
        namespace object. A catch-all gets the names it stands for as its first arguments.
        """
        functions = self._functions.get(namespace)
        if functions is not None:
            if event in functions:
                return functions[event], args
            if "*" in functions and event not in RESERVED_EVENTS:
                return functions["*"], (event, *args)
        functions = self._functions.get("*")
        if functions is not None:
            if event in functions:
                return functions[event], (namespace, *args)
            if "*" in functions and event not in RESERVED_EVENTS:
                return functions["*"], (event, namespace, *args)
        handler = self._namespaces.get(namespace)
        if handler is not None:
            return handler.trigger_event, (event, *args)
        handler = self._namespaces.get("*")
        if handler is not None:
            return handler.trigger_event, (event, namespace, *args)
        return None


def call_handler(handler: Handler, event: str, args: tuple[Any, ...], optional: int = 0) -> Any:
    """Call a handler; the last `optional` arguments are left out if it does not take them.

    Raises TypeError with a text that names the handler and the event when the number of arguments does
    not fit. A TypeError from inside the handler passes unchanged.
    """
    if optional and not _takes(handler, args):
        for dropped in range(1, optional + 1):
            if _takes(handler, args[:-dropped]):
                args = args[:-dropped]
                break
    try:
        return handler(*args)
    except TypeError as error:
        if _takes(handler, args):
            raise
        name = getattr(handler, "__qualname__", repr(handler)) + _signature(handler)
        raise TypeError(
            f"the handler {name} of event {event!r} was called with {len(args)} arguments"
        ) from error


def _takes(handler: Handler, args: tuple[Any, ...]) -> bool:
    try:
        inspect.signature(handler).bind(*args)
    except TypeError:
        return False
    except ValueError:
        # A builtin without a signature: let the call itself tell.
        return True
    return True


def _signature(handler: Handler) -> str:
    try:
        return str(inspect.signature(handler))
    except ValueError:
        return ""
