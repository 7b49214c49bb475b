"""Arguments to JSON text and back: the binary values among them travel as attachments.

A packet is the JSON text of an array in which each binary value is replaced by
`{"_placeholder": true, "num": N}`, and the values themselves beside it, in the order of their numbers.
"""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from types import ModuleType
from typing import Any, Protocol

from sansocket import _core

Attachments = Sequence[bytes]
Packet = tuple[str, list[bytes]]
"""The JSON text of an array, and its attachments."""
Encode = Callable[[Iterable[Any]], Packet]
Decode = Callable[[str, Attachments], Any]


class JsonModule(Protocol):
    """What the option `json` takes: a module or an object with these two functions."""

    def dumps(self, obj: Any, *, separators: tuple[str, str]) -> str | bytes:
        """Return the JSON text of a value."""

    def loads(self, text: str, /) -> Any:
        """Return the value of a JSON text."""


class Codec:
    """How one server turns arguments into packets and packets into arguments."""

    def __init__(self, module: JsonModule | ModuleType | None = None) -> None:
        self.encode: Encode = _encode
        self.decode: Decode = _decode
        if module is not None and module is not json:
            self.encode = _CustomEncoder(module)
            self.decode = _CustomDecoder(module)

    def encode_value(self, value: Any) -> str:
        """Return the JSON text of one value that carries no binary."""
        text, attachments = self.encode((value,))
        if attachments:
            raise TypeError("binary values cannot be sent here")
        return text[1:-1]


def _encode(arguments: Iterable[Any]) -> Packet:
    values = list(arguments)
    attachments: list[bytes] = []
    try:
        text = _TEXT_ONLY.encode(values)
    except _BinaryFound:

        def attach(value: Any) -> dict[str, Any]:
            attachments.append(_as_bytes(value))
            return _placeholder(len(attachments) - 1)

        text = json.JSONEncoder(default=attach, **_STRICT).encode(values)
    return _escape_surrogates(text), attachments


def _decode(text: str, attachments: Attachments) -> Any:
    values = _DECODER.decode(text)
    return _restore(values, attachments) if attachments else values


class _CustomEncoder:
    """Encodes with a module of the application's, which knows nothing of attachments."""

    def __init__(self, module: Any) -> None:
        self._dumps = module.dumps

    def __call__(self, arguments: Iterable[Any]) -> Packet:
        attachments: list[bytes] = []
        values = _deconstruct(list(arguments), attachments)
        dumped = self._dumps(values, separators=(",", ":"))
        text = dumped.decode() if isinstance(dumped, bytes) else dumped
        _core.check_json(text)
        return text, attachments


class _CustomDecoder:
    def __init__(self, module: Any) -> None:
        self._loads = module.loads

    def __call__(self, text: str, attachments: Attachments) -> Any:
        values = self._loads(text)
        return _restore(values, attachments) if attachments else values


def _deconstruct(value: Any, attachments: list[bytes]) -> Any:
    """Return a copy of `value` with placeholders where binary values were."""
    if isinstance(value, bytes | bytearray | memoryview):
        attachments.append(_as_bytes(value))
        return _placeholder(len(attachments) - 1)
    if isinstance(value, list | tuple):
        return [_deconstruct(item, attachments) for item in value]
    if isinstance(value, dict):
        return {key: _deconstruct(item, attachments) for key, item in value.items()}
    return value


def _restore(value: Any, attachments: Attachments) -> Any:
    """Put the attachments back, in place: the tree is ours, fresh from the parser."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            if isinstance(item, list | dict):
                value[index] = _restore(item, attachments)
    elif isinstance(value, dict):
        # The core has checked that each attachment is named exactly once, by a number in range.
        if value.get("_placeholder") is True:
            return attachments[value["num"]]
        for key, item in value.items():
            if isinstance(item, list | dict):
                value[key] = _restore(item, attachments)
    return value


def _placeholder(number: int) -> dict[str, Any]:
    return {"_placeholder": True, "num": number}


def _escape_surrogates(text: str) -> str:
    """Escape what has no UTF-8: half a surrogate pair, which `json.loads` accepts."""
    try:
        if not text.isascii():
            text.encode()
    except UnicodeEncodeError:
        return _SURROGATE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
    return text


def _as_bytes(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, bytearray | memoryview):
        return bytes(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


class _BinaryFound(Exception):
    """Leaves the encoder at the first value that JSON does not know."""


def _refuse(value: Any) -> Any:
    _as_bytes(value)
    raise _BinaryFound


# Infinity and NaN are not JSON: a peer's parser would reject the whole packet, for every receiver of a
# broadcast.
_STRICT: dict[str, Any] = {"allow_nan": False, "separators": (",", ":"), "ensure_ascii": False}
_SURROGATE = re.compile("[\ud800-\udfff]")
_TEXT_ONLY = json.JSONEncoder(default=_refuse, **_STRICT)
_DECODER = json.JSONDecoder()
