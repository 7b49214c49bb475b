from unittest import TestCase

from chat.rate_limit import SWEEP_ABOVE, RateLimit


class RateLimitTests(TestCase):
    def setUp(self) -> None:
        self.limit = RateLimit(burst=3, per_second=2)

    def test_a_burst_passes_and_then_it_says_how_long_to_wait(self) -> None:
        self.assertEqual([self.limit.wait("alice", 0.0) for _ in range(3)], [0.0, 0.0, 0.0])
        self.assertEqual(self.limit.wait("alice", 0.0), 0.5)

    def test_waiting_that_long_is_enough(self) -> None:
        for _ in range(3):
            self.limit.wait("alice", 0.0)
        self.assertGreater(self.limit.wait("alice", 0.25), 0.0)
        self.assertEqual(self.limit.wait("alice", 0.5), 0.0)

    def test_idle_time_saves_up_no_more_than_a_burst(self) -> None:
        self.limit.wait("alice", 0.0)
        passed = [self.limit.wait("alice", 3600.0) == 0.0 for _ in range(5)]
        self.assertEqual(passed, [True, True, True, False, False])

    def test_one_does_not_pay_for_another(self) -> None:
        for _ in range(4):
            self.limit.wait("alice", 0.0)
        self.assertEqual(self.limit.wait("bob", 0.0), 0.0)

    def test_time_running_backwards_takes_nothing_away(self) -> None:
        self.limit.wait("alice", 100.0)
        self.assertEqual(self.limit.wait("alice", 0.0), 0.0)

    def test_only_buckets_that_are_not_full_are_remembered(self) -> None:
        for number in range(SWEEP_ABOVE):
            self.limit.wait(number, 0.0)
        for _ in range(3):
            self.limit.wait("alice", 10.0)
        self.assertEqual(set(self.limit._buckets), {"alice"})
        self.assertGreater(self.limit.wait("alice", 10.0), 0.0)
