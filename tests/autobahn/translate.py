"""The cases of the Autobahn suite, as published on PyPI, translated from Python 2 to Python 3.

Only the cases: what connects is peer.py. No verdict depends on a line that is changed here.
"""

import re
import sys
from importlib import import_module
from importlib.metadata import distribution
from pathlib import Path
from tempfile import TemporaryDirectory

from fissix.refactor import RefactoringTool


def load_cases() -> dict[str, type]:
    """The classes of all cases by their ids (`1.1.1`), in the order of the suite."""
    with TemporaryDirectory() as folder:
        translate(Path(folder) / "cases")
        sys.path.insert(0, folder)
        try:
            module = import_module("cases")
        finally:
            sys.path.remove(folder)
    return {case.__name__.removeprefix("Case").replace("_", "."): case for case in module.Cases}


def translate(package: Path) -> None:
    """Makes the folder `package`, a Python package."""
    published = Path(distribution("autobahntestsuite").locate_file("autobahntestsuite/case"))
    package.mkdir()
    tool = RefactoringTool([f"fissix.fixes.fix_{name}" for name in FIXES])
    unused = set(REPLACEMENTS)
    for source in sorted(published.glob("*.py")):
        if source.name in LEFT_OUT:
            continue
        code = str(tool.refactor_string(octet_literals(source), str(source)))
        for pattern, replacement in REPLACEMENTS.items():
            code, count = re.subn(pattern, replacement, code, flags=re.MULTILINE)
            if count:
                unused.discard(pattern)
        (package / source.name).write_text(code, encoding="ascii")
    if unused:
        raise RuntimeError(f"this is not the release that is locked: it has no {' and no '.join(unused)}")


def octet_literals(source: Path) -> str:
    """The source in ASCII: in Python 2 a literal holds the octets of the file."""
    octets = source.read_bytes().replace(b"\r\n", b"\n") + b"\n"
    return "".join(chr(octet) if octet < 0x80 else f"\\x{octet:02x}" for octet in octets)


# Statements that Python 3 does not parse, and names that it does not have.
FIXES = ["import", "print", "xrange"]

# What no fixer knows.
REPLACEMENTS = {
    # Python 3 cannot put `object` before a class that inherits from it.
    r"\(\s*object,\s*Case,?\s*\)": "(Case,)",
    # The division of two integers.
    r"len\(self\.payload\) / ": "len(self.payload) // ",
    # Strings of octets.
    r"^import binascii$": "import octets as binascii",
    r"^from autobahn\.websocket\.utf8validator import": "from octets import",
    # Gone from the library of Python 3.
    r"^(import .*)\bpkg_resources\b": r"\1octets as pkg_resources",
    # It compares pickles, which differ for equal values.
    r"pickle\.dumps\((\w+)\) == pickle\.dumps\((\w+)\)": r"\1 == \2",
    # The case that is left out.
    r"^from \.case9_9_1 import .*$": "",
}

# The suite does not run this case either.
LEFT_OUT = {"case9_9_1.py"}
