"""Emits that wait for an answer: who is called when it comes."""

import asyncio
import inspect
import logging
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Any, Protocol

from sansocket import exceptions

Callback = Callable[..., Any]
Spawn = Callable[[Any], object]


class Waiter(Protocol):
    """Whoever waits for the answers to one emit."""

    def answered(self, args: list[Any]) -> None:
        """Take the arguments of one answer."""

    def failed(self, reason: str) -> None:
        """Learn that no more answers will come, though some are missing."""


class Acknowledgements:
    """The waiters of one server, by the key of their emit."""

    def __init__(self) -> None:
        self._waiters: dict[int, Waiter] = {}
        # An answer may be drained on the loop's thread while another thread is still between the emit
        # and the line that remembers its waiter.
        self._lock = Lock()

    def emit(self, emit: Callable[[], int], waiter: Waiter) -> None:
        """Call `emit`, which returns the key of an acknowledgement, and remember who waits for it."""
        with self._lock:
            self._waiters[emit()] = waiter

    def answered(self, ack: int, args: list[Any], last: bool) -> None:
        """Pass an answer on."""
        with self._lock:
            waiter = self._waiters.pop(ack, None) if last else self._waiters.get(ack)
        if waiter is not None:
            waiter.answered(args)

    def failed(self, ack: int, reason: str) -> None:
        """Pass on that the missing answers will not come."""
        with self._lock:
            waiter = self._waiters.pop(ack, None)
        if waiter is not None:
            waiter.failed(reason)


class CallbackWaiter:
    """The `callback` of an emit: called with the arguments of each answer."""

    def __init__(self, callback: Callback, spawn: Spawn, logger: logging.Logger) -> None:
        if not callable(callback):
            raise TypeError(f"callback must be callable, not {type(callback).__name__}")
        self._callback = callback
        self._spawn = spawn
        self._logger = logger

    def answered(self, args: list[Any]) -> None:
        """Call the function; a coroutine that it returns runs in a task."""
        try:
            result = self._callback(*args)
        except Exception:
            self._logger.exception("the callback of an acknowledgement failed")
            return
        if inspect.iscoroutine(result):
            self._spawn(result)

    def failed(self, reason: str) -> None:
        """Do nothing: a callback only hears of answers."""


class FutureWaiter:
    """A `call`: its future gets the answer, on whatever loop it belongs to."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.future: asyncio.Future[Any] = self._loop.create_future()

    def answered(self, args: list[Any]) -> None:
        """Give the future its result: nothing, the one argument, or a tuple of several."""
        self._settle(lambda: self.future.set_result(_unwrap(args)))

    def failed(self, reason: str) -> None:
        """Give the future a TimeoutError, which is what callers of python-socketio expect in either case."""
        self._settle(lambda: self.future.set_exception(exceptions.TimeoutError(reason)))

    def _settle(self, settle: Callable[[], None]) -> None:
        self._loop.call_soon_threadsafe(lambda: None if self.future.done() else settle())


def _unwrap(args: Sequence[Any]) -> Any:
    if len(args) > 1:
        return tuple(args)
    return args[0] if args else None
