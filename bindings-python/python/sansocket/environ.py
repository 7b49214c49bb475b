"""The WSGI-shaped `environ` that handlers get, made from an ASGI scope."""

from typing import Any

from sansocket.asgi_types import Scope

Environ = dict[str, Any]


def environ_from_scope(scope: Scope) -> Environ:
    """Return the `environ` of the request that `scope` describes.

    The scope itself is in `environ["asgi.scope"]`. The addresses are those the ASGI server saw (after
    its own proxy handling, if that is on); they are empty when it did not say.
    """
    client = scope.get("client") or ("", "")
    server = scope.get("server") or ("", "")
    path = scope["path"]
    query = scope.get("query_string", b"").decode("latin-1")
    raw_path = scope.get("raw_path") or path.encode()
    environ: Environ = {
        "asgi.scope": scope,
        "wsgi.url_scheme": _HTTP_SCHEMES.get(scope.get("scheme", "http"), "http"),
        "wsgi.version": (1, 0),
        "wsgi.multithread": False,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "REQUEST_METHOD": scope.get("method", "GET"),
        "SCRIPT_NAME": scope.get("root_path", ""),
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "RAW_URI": raw_path.decode("latin-1") + ("?" + query if query else ""),
        "SERVER_PROTOCOL": "HTTP/" + scope.get("http_version", "1.1"),
        "SERVER_SOFTWARE": "asgi",
        "SERVER_NAME": server[0] or "",
        "SERVER_PORT": str(server[1] or ""),
        "REMOTE_ADDR": client[0] or "",
        "REMOTE_PORT": str(client[1] or ""),
    }
    for raw_name, raw_value in scope["headers"]:
        name = raw_name.decode("latin-1").upper().replace("-", "_")
        value = raw_value.decode("latin-1")
        if name not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            name = "HTTP_" + name
        if name in environ:
            # RFC 9110 section 5.3 joins repeated fields by a comma, RFC 6265 section 5.4 cookies by `; `.
            value = environ[name] + ("; " if name == "HTTP_COOKIE" else ",") + value
        environ[name] = value
    return environ


_HTTP_SCHEMES = {"http": "http", "https": "https", "ws": "http", "wss": "https"}
