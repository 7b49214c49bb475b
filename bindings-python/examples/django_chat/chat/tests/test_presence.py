from unittest import TestCase

from django.contrib.auth.models import User

from chat.authentication import Visitor
from chat.presence import Presence

ALICE = Visitor(User(pk=1, username="alice"), "alice's session")
BOB = Visitor(User(pk=2, username="bob"), "bob's session")


class PresenceTests(TestCase):
    def setUp(self) -> None:
        self.people = Presence()
        for sid, visitor in (("a1", ALICE), ("a2", ALICE), ("b1", BOB)):
            self.people.arrive(sid, visitor)

    def test_whoever_shows_no_room_yet_is_not_seen(self) -> None:
        self.assertEqual(self.people.as_json(), [])
        self.assertIsNone(self.people.room("a1"))

    def test_everybody_is_listed_once_with_all_rooms(self) -> None:
        self.people.enter("b1", "general")
        self.people.enter("a1", "random")
        self.people.enter("a2", "general")
        self.assertEqual(
            self.people.as_json(),
            [
                {"name": "alice", "rooms": ["general", "random"]},
                {"name": "bob", "rooms": ["general"]},
            ],
        )

    def test_entering_says_which_room_was_left(self) -> None:
        self.assertIsNone(self.people.enter("a1", "general"))
        self.assertEqual(self.people.enter("a1", "random"), "general")
        self.assertEqual(self.people.room("a1"), "random")

    def test_leaving_is_final(self) -> None:
        self.people.leave("a1")
        self.people.leave("a1")
        self.people.enter("a1", "general")
        self.assertEqual(self.people.as_json(), [])

    def test_sockets_are_found_by_user_session_and_room(self) -> None:
        self.people.enter("a2", "general")
        self.people.enter("b1", "general")
        self.assertEqual(self.people.sids_of_user(1), ["a1", "a2"])
        self.assertEqual(self.people.sids_of_session("bob's session"), ["b1"])
        self.assertEqual(self.people.sids_in_room("general"), ["a2", "b1"])
