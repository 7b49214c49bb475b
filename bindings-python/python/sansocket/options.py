"""The constructor options of python-socketio's servers, turned into a core."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sansocket import _core

TRANSPORTS = ("polling", "websocket")

Origins = str | Sequence[str] | Callable[..., Any] | None
CookieAttribute = str | bool | Callable[[], str | bool]
Cookie = str | Mapping[str, CookieAttribute] | None
Logger = bool | logging.Logger


@dataclass(kw_only=True)
class Options:
    """What a server is made of; the names, units and defaults are python-socketio's.

    - `ping_interval`, `ping_timeout`: seconds; of a pair (interval, grace) the grace is added to the timeout.
    - `connect_timeout`: seconds a client may take to join its first namespace.
    - `max_http_buffer_size`: bytes of the largest message, over either transport.
    - `cors_allowed_origins`: None for the same origin, `"*"` for any, one origin, several, `[]` to leave
      CORS to somebody else, or a function of the origin (and the `environ`, if it takes two arguments).
    - `cookie`: the name of a cookie that carries the session id, or its attributes with the name among them.
    """

    ping_interval: float | tuple[float, float] = 25
    ping_timeout: float = 20
    connect_timeout: float = 45
    max_http_buffer_size: int = 1_000_000
    allow_upgrades: bool = True
    transports: str | Sequence[str] | None = None
    cookie: Cookie = None
    cors_allowed_origins: Origins = None
    cors_credentials: bool = True

    def core(self, protocol: Literal["socketio", "engineio"], any_namespace: bool = False) -> _core.Server:
        """Make the core that obeys these options."""
        interval, grace = self.ping_interval, 0.0
        if isinstance(interval, tuple):
            interval, grace = interval
        return _core.Server(
            protocol,
            ping_interval=interval,
            ping_timeout=self.ping_timeout + grace,
            connect_timeout=self.connect_timeout,
            max_http_buffer_size=self.max_http_buffer_size,
            transports=self._transports(),
            allow_upgrades=self.allow_upgrades,
            cors_allowed_origins=self._origins(),
            cors_credentials=self.cors_credentials,
            cookie=_cookie(self.cookie),
            any_namespace=any_namespace,
        )

    def _transports(self) -> Sequence[str]:
        if self.transports is None:
            return TRANSPORTS
        given = [self.transports] if isinstance(self.transports, str) else self.transports
        known = [transport for transport in given if transport in TRANSPORTS]
        if not known:
            raise ValueError(f"no valid transports in {given!r}: use some of {TRANSPORTS}")
        return known

    def _origins(self) -> Sequence[str] | None:
        origins = self.cors_allowed_origins
        if origins is None:
            return None
        if isinstance(origins, str):
            return [origins]
        if callable(origins) or not origins:
            # Decided before the core sees the request, or not decided at all.
            return ["*"]
        return list(origins)


def make_logger(option: Logger, name: str) -> logging.Logger:
    """Return the logger that an option asks for: True shows INFO on stderr, False only errors."""
    if isinstance(option, logging.Logger):
        return option
    logger = logging.getLogger(name)
    if option:
        if logger.level == logging.NOTSET:
            logger.setLevel(logging.INFO)
        if not logger.hasHandlers():
            logger.addHandler(logging.StreamHandler())
    elif logger.level == logging.NOTSET:
        logger.setLevel(logging.ERROR)
    return logger


def _cookie(cookie: Cookie) -> list[tuple[str, str | bool]] | None:
    if cookie is None:
        return None
    if isinstance(cookie, str):
        return [("name", cookie), ("path", "/"), ("SameSite", "Lax")]
    attributes = {"name": "io", **cookie}
    return [(name, value() if callable(value) else value) for name, value in attributes.items()]
