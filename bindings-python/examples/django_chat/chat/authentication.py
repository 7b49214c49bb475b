"""Who is shaking hands: the user of Django's own session cookie."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib import auth
from django.contrib.auth.models import User
from django.http import HttpRequest, parse_cookie


@dataclass(frozen=True)
class Visitor:
    """A signed-in user, and the session that says so."""

    user: User
    session_key: str


async def visitor_of(scope: dict[str, Any]) -> Visitor | None:
    """The visitor behind an ASGI scope; `None` without a valid session of an active user.

    Nothing of the cookie is trusted: its value is only the key under which the session is looked
    up, so a forged key finds nothing, and neither does one that expired or was signed out. A
    session from before a change of password fails `aget_user`'s check of the session hash.
    """
    session_key = _session_key(scope["headers"])
    if not session_key:
        return None
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    user = await auth.aget_user(request)
    if not isinstance(user, User):
        return None
    return Visitor(user, session_key)


def _session_key(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    # RFC 9113, section 8.2.3: HTTP/2 may split the cookies over several header lines.
    cookies = b"; ".join(value for name, value in headers if name == b"cookie")
    return parse_cookie(cookies.decode("latin-1")).get(settings.SESSION_COOKIE_NAME)
