from __future__ import annotations

from typing import Any
from unittest import TestCase
from uuid import UUID

from chat.models import MESSAGE_MAX_LENGTH
from chat.payloads import EarlierMessages, JoinRoom, RefusedError, SendMessage, Typing

CLIENT_ID = "0b9e3f6c-5d1a-4c8e-9f0a-2b7d6e5c4a31"


class PayloadTestCase(TestCase):
    def assert_refused(self, payload_type: Any, payload: object, why: str) -> None:
        with self.subTest(payload=repr(payload)[:80]), self.assertRaises(RefusedError) as refusal:
            payload_type.parse(payload)
        self.assertIn(why, str(refusal.exception))


class AnyPayloadTests(PayloadTestCase):
    def test_anything_but_an_object_is_refused(self) -> None:
        for payload_type in (JoinRoom, EarlierMessages, SendMessage, Typing):
            for payload in (None, True, 1, 1.5, "general", [], ["general"], b"general"):
                self.assert_refused(payload_type, payload, "object")


class RoomTests(PayloadTestCase):
    def test_a_room_and_the_last_message_one_has(self) -> None:
        self.assertEqual(JoinRoom.parse({"room": "general", "after": 7}), JoinRoom("general", 7))
        self.assertEqual(
            EarlierMessages.parse({"room": "tea-time_2", "before": 7}),
            EarlierMessages("tea-time_2", 7),
        )

    def test_who_has_no_message_may_say_null_or_nothing(self) -> None:
        self.assertIsNone(JoinRoom.parse({"room": "general"}).after)
        self.assertIsNone(JoinRoom.parse({"room": "general", "after": None}).after)

    def test_only_slugs_are_rooms(self) -> None:
        for room in (None, 1, "", "a b", "a/b", "général", "general\n", "x" * 41, ["general"]):
            self.assert_refused(JoinRoom, {"room": room}, "room")

    def test_only_whole_numbers_that_the_database_can_hold_are_ids(self) -> None:
        for number in (-1, 1.5, True, "7", [7], 2**63):
            self.assert_refused(JoinRoom, {"room": "general", "after": number}, "after")
        self.assertEqual(JoinRoom.parse({"room": "general", "after": 2**63 - 1}).after, 2**63 - 1)


class SendMessageTests(PayloadTestCase):
    def payload(self, **changes: object) -> dict[str, object]:
        return {"room": "general", "clientId": CLIENT_ID, "text": "Hello"} | changes

    def test_a_message(self) -> None:
        self.assertEqual(
            SendMessage.parse(self.payload()), SendMessage("general", UUID(CLIENT_ID), "Hello")
        )

    def test_text_is_stripped_at_its_ends_only(self) -> None:
        text = SendMessage.parse(self.payload(text=" \n one\n\ttwo  three \n")).text
        self.assertEqual(text, "one\n\ttwo  three")

    def test_the_greatest_length_is_counted_in_characters(self) -> None:
        for character in ("x", "é", "字", "😀"):
            text = character * MESSAGE_MAX_LENGTH
            self.assertEqual(SendMessage.parse(self.payload(text=text)).text, text)
            self.assert_refused(SendMessage, self.payload(text=text + character), "longer")

    def test_text_must_say_something(self) -> None:
        for text in ("", "   ", "\n\t\n"):
            self.assert_refused(SendMessage, self.payload(text=text), "empty")

    def test_text_must_be_text(self) -> None:
        for text in (None, 1, True, ["Hello"], {"html": "Hello"}, b"Hello"):
            self.assert_refused(SendMessage, self.payload(text=text), "text")

    def test_controls_and_lone_surrogates_are_refused(self) -> None:
        for character in ("\x00", "\x1b", "\x7f", "\ud800", "\udfff"):
            self.assert_refused(SendMessage, self.payload(text=f"a{character}b"), "characters")

    def test_markup_is_text_like_any_other(self) -> None:
        text = "<script>alert(1)</script>"
        self.assertEqual(SendMessage.parse(self.payload(text=text)).text, text)

    def test_only_a_canonical_uuid_is_a_client_id(self) -> None:
        spellings = (None, 1, "", "1", CLIENT_ID.upper(), f"{{{CLIENT_ID}}}", f"{CLIENT_ID}\n")
        for client_id in spellings:
            self.assert_refused(SendMessage, self.payload(clientId=client_id), "clientId")


class TypingTests(PayloadTestCase):
    def test_typing_is_true_or_false(self) -> None:
        self.assertEqual(Typing.parse({"active": True}), Typing(True))
        self.assertEqual(Typing.parse({"active": False}), Typing(False))
        values: list[object] = [None, 0, 1, "true", []]
        for active in values:
            self.assert_refused(Typing, {"active": active}, "active")
