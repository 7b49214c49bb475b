from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field


@dataclass
class RateLimit:
    """A token bucket for each key: `burst` at once, then `per_second` steadily."""

    burst: float
    per_second: float
    _buckets: dict[Hashable, _Bucket] = field(default_factory=dict)

    def wait(self, key: Hashable, now: float) -> float:
        """Takes a token and returns 0.0, or takes none and returns the seconds until there is one.

        `now` is a monotonic time in seconds.
        """
        self._forget_full_buckets(now)
        bucket = self._buckets.setdefault(key, _Bucket(self.burst, now))
        bucket.tokens = self._tokens(bucket, now)
        bucket.filled = now
        if bucket.tokens < 1:
            return (1 - bucket.tokens) / self.per_second
        bucket.tokens -= 1
        return 0.0

    def _tokens(self, bucket: _Bucket, now: float) -> float:
        elapsed = max(0.0, now - bucket.filled)
        return min(self.burst, bucket.tokens + elapsed * self.per_second)

    def _forget_full_buckets(self, now: float) -> None:
        # A full bucket says what a missing one says. Leaving with an empty one must not refill it,
        # so buckets outlive connections and are swept once in a while.
        if len(self._buckets) >= SWEEP_ABOVE:
            self._buckets = {
                key: bucket
                for key, bucket in self._buckets.items()
                if self._tokens(bucket, now) < self.burst
            }


@dataclass
class _Bucket:
    tokens: float
    filled: float


SWEEP_ABOVE = 1000
