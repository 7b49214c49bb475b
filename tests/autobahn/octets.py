"""Python 2 strings for the translated cases: a `str` whose characters are octets, one each.

The cases name these functions in the place of the modules that they were written for.
"""

import binascii
from importlib.metadata import distribution

from autobahn.websocket.utf8validator import Utf8Validator as BytesValidator


def raw(value: str | bytes) -> bytes:
    """What goes on the wire."""
    return value.encode("latin-1") if isinstance(value, str) else bytes(value)


def text(value: bytes) -> str:
    """What came from the wire."""
    return bytes(value).decode("latin-1")


def b2a_hex(value: str | bytes) -> str:
    """As of `binascii`."""
    return binascii.b2a_hex(raw(value)).decode("ascii")


def resource_filename(package: str, path: str) -> str:
    """As of `pkg_resources`, without importing the package, which Python 3 cannot."""
    return str(distribution(package).locate_file(f"{package}/{path}"))


class Utf8Validator:
    """As of autobahn, where it wants bytes."""

    def __init__(self) -> None:
        self._validator = BytesValidator()

    def reset(self) -> None:
        self._validator.reset()

    def validate(self, value: str) -> tuple[bool, bool, int, int]:
        return self._validator.validate(raw(value))
