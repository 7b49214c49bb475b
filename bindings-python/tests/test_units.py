"""The parts that need no server: packets, handlers, options, paths."""

import json
from typing import Any

import orjson
import pytest

from sansocket import AsyncServer, _core, exceptions
from sansocket.binary import Codec
from sansocket.environ import environ_from_scope
from sansocket.handlers import Handlers, call_handler
from sansocket.options import Options
from sansocket.static_files import find_static_file

PLACEHOLDERS = '["event",{"_placeholder":true,"num":0},[{"_placeholder":true,"num":1}]]'


class OrJson:
    """A faster module, as an application would wrap it for the option `json`."""

    @staticmethod
    def dumps(value: Any, *, separators: tuple[str, str]) -> bytes:
        assert separators == (",", ":")
        return orjson.dumps(value)

    loads = staticmethod(orjson.loads)


class Careless:
    """A module that writes what is not JSON."""

    @staticmethod
    def dumps(value: Any, *, separators: tuple[str, str]) -> str:
        return json.dumps(value, separators=separators)

    loads = staticmethod(json.loads)


@pytest.fixture(params=[None, OrJson], ids=["default", "custom"])
def codec(request: pytest.FixtureRequest) -> Codec:
    return Codec(request.param)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_binary_values_leave_placeholders(codec: Codec, kind: Any) -> None:
    original = ["event", kind(b"a"), [kind(b"b")]]
    assert codec.encode(original) == (PLACEHOLDERS, [b"a", b"b"])
    assert original == ["event", b"a", [b"b"]]
    assert codec.decode(PLACEHOLDERS, (b"a", b"b")) == ["event", b"a", [b"b"]]


def test_text_is_compact_and_stays_as_it_is(codec: Codec) -> None:
    text, attachments = codec.encode(("é☃😀", {"a": [1, 2.5, None, True]}))
    assert text == '["é☃😀",{"a":[1,2.5,null,true]}]'
    assert attachments == []


def test_half_a_surrogate_pair_is_escaped() -> None:
    assert Codec().encode(("é\ud83d",)) == ('["é\\ud83d"]', [])


def test_one_value_is_encoded_alone(codec: Codec) -> None:
    assert codec.encode_value({"message": "no"}) == '{"message":"no"}'
    with pytest.raises(TypeError, match="binary"):
        codec.encode_value(b"data")


@pytest.mark.parametrize("value", [object(), {1, 2}, {(1, 2): 3}], ids=repr)
def test_what_json_does_not_know_is_the_callers_error(value: Any) -> None:
    with pytest.raises(TypeError):
        Codec().encode((value,))


def test_handlers_are_found_from_the_closest_to_the_farthest() -> None:
    handlers = Handlers()

    class Everything:
        def __init__(self, namespace: str) -> None:
            self.namespace = namespace

        def trigger_event(self, event: str, *args: Any) -> Any:
            return "object", event, args

    def found(namespace: str, event: str) -> Any:
        match = handlers.find(namespace, event, ("sid",))
        return match and match[0](*match[1])

    assert found("/a", "event") is None
    handlers.add_namespace(Everything("*"))
    assert found("/a", "event") == ("object", "event", ("/a", "sid"))
    handlers.add_namespace(Everything("/a"))
    assert found("/a", "event") == ("object", "event", ("sid",))
    handlers.add("*", "*", lambda *args: ("any, any", *args))
    assert found("/a", "event") == ("any, any", "event", "/a", "sid")
    assert found("/a", "connect") == ("object", "connect", ("sid",))
    handlers.add("*", "event", lambda *args: ("any namespace", *args))
    assert found("/a", "event") == ("any namespace", "/a", "sid")
    handlers.add("/a", "*", lambda *args: ("any event", *args))
    assert found("/a", "event") == ("any event", "event", "sid")
    handlers.add("/a", "event", lambda *args: ("this one", *args))
    assert found("/a", "event") == ("this one", "sid")
    with pytest.raises(TypeError, match="callable"):
        handlers.add("/a", "event", "no function")  # type: ignore[arg-type]


def test_a_type_error_inside_a_handler_is_its_own() -> None:
    def handler(sid: str) -> None:
        raise TypeError("mine")

    with pytest.raises(TypeError, match="mine"):
        call_handler(handler, "event", ("sid",))
    with pytest.raises(TypeError, match="was called with 2 arguments"):
        call_handler(handler, "event", ("sid", 1))
    assert call_handler(lambda a, b=2: (a, b), "connect", (1, 3), optional=1) == (1, 3)
    assert call_handler(lambda a: a, "connect", (1, 3), optional=1) == 1


def test_events_are_registered_in_every_form() -> None:
    sio = AsyncServer()

    @sio.event
    def plain(sid: str) -> None: ...

    @sio.event(namespace="/a")
    def elsewhere(sid: str) -> None: ...

    @sio.on("with spaces", namespace="/a")
    def named(sid: str) -> None: ...

    sio.on("called", plain)
    sio.on("called", handler=named, namespace="/a")
    expected = {
        ("/", "plain"): plain,
        ("/a", "elsewhere"): elsewhere,
        ("/a", "with spaces"): named,
        ("/", "called"): plain,
        ("/a", "called"): named,
    }
    for (namespace, event), handler in expected.items():
        match = sio._handlers.find(namespace, event, ())
        assert match is not None
        assert match[0] is handler


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/", ("index.html", "text/html")),
        ("/static/a.css", ("./public/a.css", "text/css")),
        ("/static/deep/b.js", ("./public/deep/b.js", "text/javascript")),
        ("/static/", ("./public/home.html", "text/html")),
        ("/folder/c.bin", ("files/c.bin", "application/octet-stream")),
        ("/typed", ("data", "text/plain")),
        ("/static/../secret", None),
        ("/static/deep/../../secret", None),
        ("/static/..\\secret", None),
        ("/static/\0", None),
        ("/staticky", None),
        ("/elsewhere", None),
    ],
)
def test_static_files(path: str, expected: tuple[str, str] | None) -> None:
    files = {
        "": "home.html",
        "/": "index.html",
        "/static": "./public",
        "/folder/": "files/",
        "/typed": {"filename": "data", "content_type": "text/plain"},
    }
    found = find_static_file(path, files)
    if expected is None:
        # Below "/" only files that cannot exist, below index.html, are left.
        assert found is None or found[0].startswith("index.html/")
    else:
        assert found is not None
        assert (found[0], found[1].replace("application/javascript", "text/javascript")) == expected


def test_the_environ_is_what_wsgi_programs_expect() -> None:
    scope = {
        "type": "http",
        "method": "POST",
        "scheme": "https",
        "http_version": "2",
        "root_path": "/app",
        "path": "/app/é",
        "raw_path": b"/app/%C3%A9",
        "query_string": b"a=1&b=%20",
        "client": ("2001:db8::1", 4321),
        "server": ("example.com", 443),
        "headers": [
            (b"host", b"example.com"),
            (b"content-type", b"text/plain"),
            (b"cookie", b"a=1"),
            (b"cookie", b"b=2"),
            (b"x-twice", b"1"),
            (b"x-twice", b"\xff"),
        ],
    }
    environ = environ_from_scope(scope)
    assert environ["asgi.scope"] is scope
    expected = {
        "wsgi.url_scheme": "https",
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "/app",
        "PATH_INFO": "/app/é",
        "QUERY_STRING": "a=1&b=%20",
        "RAW_URI": "/app/%C3%A9?a=1&b=%20",
        "SERVER_PROTOCOL": "HTTP/2",
        "SERVER_NAME": "example.com",
        "SERVER_PORT": "443",
        "REMOTE_ADDR": "2001:db8::1",
        "REMOTE_PORT": "4321",
        "HTTP_HOST": "example.com",
        "CONTENT_TYPE": "text/plain",
        "HTTP_COOKIE": "a=1; b=2",
        "HTTP_X_TWICE": "1,\xff",
    }
    assert {name: environ[name] for name in expected} == expected
    bare = environ_from_scope({"type": "websocket", "path": "/", "headers": [], "client": None})
    assert (bare["REMOTE_ADDR"], bare["REMOTE_PORT"], bare["REQUEST_METHOD"]) == ("", "", "GET")


@pytest.mark.parametrize(
    "options",
    [
        {"ping_interval": -1},
        {"ping_timeout": float("nan")},
        {"transports": ["carrier pigeon"]},
        {"cookie": {"name": "io", "colour": "blue"}},
        {"cookie": {"SameSite": "Sometimes"}},
        {"cookie": {"max-age": "soon"}},
        {"async_mode": "eventlet"},
        {"async_mode": "threading"},
    ],
    ids=str,
)
def test_an_option_that_makes_no_sense_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        AsyncServer(**options)


@pytest.mark.parametrize(
    "options",
    [
        {"ping_interval": (25, 5), "ping_timeout": 1.5, "monitor_clients": False},
        {"transports": "websocket", "allow_upgrades": False},
        {"transports": ["websocket", "polling"], "max_http_buffer_size": 10**8},
        {"cookie": "io"},
        {
            "cookie": {
                "name": lambda: "io",
                "path": "/x",
                "secure": True,
                "max-age": 60,
                "domain": "a.example",
            }
        },
        {"cors_allowed_origins": ["https://a.example"], "cors_credentials": False},
        {"namespaces": "*", "logger": True, "engineio_logger": False},
    ],
    ids=str,
)
def test_options_that_make_sense_are_taken(options: dict[str, Any]) -> None:
    assert AsyncServer(**options).async_mode == "asgi"


def test_an_engine_io_server_takes_no_socket_io_calls() -> None:
    core = Options().core("engineio")
    with pytest.raises(_core.GoneError):
        core.send_session(1, "text")
    with pytest.raises(TypeError):
        core.send_session(1, 7)  # type: ignore[arg-type]
    assert issubclass(_core.GoneError, _core.UsageError)
    assert issubclass(_core.UsageError, ValueError)


def test_the_exceptions_are_those_of_python_socketio() -> None:
    names = "ConnectionError ConnectionRefusedError TimeoutError BadNamespaceError DisconnectedError"
    for name in names.split():
        assert issubclass(getattr(exceptions, name), exceptions.SocketIOError), name
    assert exceptions.ConnectionRefusedError("a", 1).error_args == {"message": "a", "data": 1}
