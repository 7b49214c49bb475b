"""The option `static_files` of the hosting apps: which file answers a path."""

import mimetypes
from collections.abc import Mapping
from pathlib import PurePosixPath

StaticFiles = Mapping[str, str | Mapping[str, str]]


def find_static_file(path: str, static_files: StaticFiles) -> tuple[str, str] | None:
    """Return the file name and the content type for a URL path, or None.

    A key is a whole path (`"/": "index.html"`) or the path of a folder (`"/static": "./public"`); the
    longest that fits decides. The value is a file name or `{"filename": …, "content_type": …}`. The key
    `""` names the file that answers for a folder, `index.html` when it is not given.
    """
    prefix, rest = path, ""
    while prefix == "" or prefix not in static_files:
        if prefix + "/" in static_files:
            prefix += "/"
            break
        prefix, slash, last = prefix.rpartition("/")
        if not slash:
            return None
        rest = "/" + last + rest
    if ".." in PurePosixPath(rest).parts or "\\" in rest or "\0" in rest:
        # Nothing outside the folder, whatever the path says.
        return None
    filename, content_type = _entry(static_files[prefix])
    filename += rest.removeprefix("/") if filename.endswith("/") else rest
    if filename.endswith("/"):
        index, index_type = _entry(static_files.get("", "index.html"))
        filename += index
        content_type = content_type or index_type
    return filename, content_type or _guess(filename)


def _entry(value: str | Mapping[str, str]) -> tuple[str, str | None]:
    if isinstance(value, str):
        return value, None
    return value["filename"], value.get("content_type")


def _guess(filename: str) -> str:
    content_type, _ = mimetypes.guess_type(filename)
    return content_type or "application/octet-stream"
