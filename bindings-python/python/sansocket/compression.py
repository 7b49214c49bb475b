"""The options `http_compression` and `compression_threshold`: gzip for the answers to long polls."""

import gzip
from dataclasses import dataclass

from sansocket.asgi_types import Response, Scope


@dataclass(frozen=True)
class Compression:
    """Which bodies are compressed: those of more than `threshold` bytes, if the client takes gzip."""

    threshold: int = 1024

    def apply(self, scope: Scope, response: Response) -> Response:
        """Return the response, compressed if that is allowed and worth it."""
        status, headers, body = response
        if len(body) <= self.threshold or not _accepts_gzip(scope):
            return response
        encoded = [*headers, (b"content-encoding", b"gzip"), (b"vary", b"Accept-Encoding")]
        return status, encoded, gzip.compress(body, LEVEL)


def _accepts_gzip(scope: Scope) -> bool:
    for name, value in scope["headers"]:
        if name.lower() == b"accept-encoding":
            for coding in value.lower().split(b","):
                token, _, quality = coding.partition(b";")
                if token.strip() == b"gzip":
                    # RFC 9110 section 12.4.2: a quality of zero means "not acceptable".
                    return quality.replace(b" ", b"").rstrip(b"0") not in (b"q=", b"q=0.")
    return False


LEVEL = 6
"""What zlib itself takes for a good compromise."""
