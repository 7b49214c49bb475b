"""The handlers, with a server that only remembers what it was asked to send."""

from __future__ import annotations

from itertools import count
from typing import Any
from unittest.mock import AsyncMock, patch
from uuid import uuid4

from django.test import TestCase
from sansocket.exceptions import ConnectionRefusedError

from chat import realtime
from chat.authentication import Visitor
from chat.models import Message, Room
from chat.presence import Presence

from .people import message, user


class RealtimeTestCase(TestCase):
    def setUp(self) -> None:
        self.alice = Visitor(user("alice"), "alice's session")
        self.bob = Visitor(user("bob"), "bob's session")
        self.general = Room.objects.get(slug="general")
        self.sio = self.enterContext(patch.object(realtime, "sio", AsyncMock()))
        self.people = self.enterContext(patch.object(realtime, "people", Presence()))
        # An hour between any two requests: no test meets a rate limit by accident.
        self.clock = self.enterContext(
            patch.object(realtime, "monotonic", side_effect=count(step=3600.0))
        )
        self.sessions = {"alice-1": self.alice, "alice-2": self.alice, "bob-1": self.bob}
        self.sio.get_session.side_effect = lambda sid: {"visitor": self.sessions[sid]}
        for sid, visitor in self.sessions.items():
            self.people.arrive(sid, visitor)
            self.people.enter(sid, "general")

    def sent(self, event: str) -> list[tuple[Any, dict[str, Any]]]:
        """What was emitted under this name: the payloads with their options."""
        return [
            (call.args[1], call.kwargs)
            for call in self.sio.emit.await_args_list
            if call.args[0] == event
        ]


class ConnectTests(RealtimeTestCase):
    async def test_a_signed_in_user_is_welcome(self) -> None:
        await self.client.aforce_login(self.alice.user)
        cookie = f"sessionid={self.client.session.session_key}".encode()
        environ = {"asgi.scope": {"headers": [(b"cookie", cookie)]}}
        await realtime.connect("alice-3", environ, None)
        ((sid, session), _) = self.sio.save_session.await_args
        self.assertEqual((sid, session["visitor"].user), ("alice-3", self.alice.user))
        self.assertIn("alice-3", self.people.sids_of_user(self.alice.user.pk))

    async def test_nobody_else_is(self) -> None:
        for headers in ([], [(b"cookie", b"sessionid=forged")]):
            with self.assertRaises(ConnectionRefusedError) as refusal:
                await realtime.connect("x", {"asgi.scope": {"headers": headers}}, None)
            self.assertEqual(
                refusal.exception.error_args,
                {"message": "Please sign in.", "data": {"code": "signed_out"}},
            )
        self.sio.save_session.assert_not_awaited()


class JoinTests(RealtimeTestCase):
    async def test_the_history_is_sent_and_the_people_are_told(self) -> None:
        saved = await Message.objects.acreate(
            author=self.bob.user, room=self.general, text="Hello", client_id=uuid4()
        )
        answer = await realtime.join("alice-1", {"room": "general"})
        self.assertEqual(answer, {"ok": True})
        ((history, options),) = self.sent("history")
        self.assertEqual(history, {"room": "general", "messages": [saved.as_json()], "more": False})
        self.assertEqual(options["to"], "alice-1")
        self.assertEqual(len(self.sent("people")), 1)

    async def test_one_is_in_one_room_at_a_time(self) -> None:
        await realtime.join("alice-1", {"room": "random"})
        self.sio.leave_room.assert_awaited_once_with("alice-1", "room:general")
        self.sio.enter_room.assert_awaited_once_with("alice-1", "room:random")
        self.assertEqual(self.people.room("alice-1"), "random")

    async def test_the_acknowledgement_of_the_history_delivers_what_others_wrote(self) -> None:
        bobs = await Message.objects.acreate(
            author=self.bob.user, room=self.general, text="Hello", client_id=uuid4()
        )
        hers = await Message.objects.acreate(
            author=self.alice.user, room=self.general, text="Anybody?", client_id=uuid4()
        )
        await realtime.join("alice-1", {"room": "general"})
        ((_, options),) = self.sent("history")
        await options["callback"]()
        await bobs.arefresh_from_db()
        await hers.arefresh_from_db()
        self.assertIsNotNone(bobs.delivered)
        self.assertIsNone(hers.delivered)
        self.assertEqual(
            self.sent("delivered"), [({"ids": [bobs.pk]}, {"room": f"user:{self.bob.user.pk}"})]
        )

    async def test_an_unknown_room_is_refused(self) -> None:
        answer = await realtime.join("alice-1", {"room": "nowhere"})
        self.assertEqual(answer, {"ok": False, "error": "There is no room “nowhere”."})
        self.assertEqual(self.people.room("alice-1"), "general")


class EarlierTests(RealtimeTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.messages = [message(self.bob.user, self.general, text) for text in ("one", "two")]

    async def test_the_messages_before_one_are_the_answer(self) -> None:
        request = {"room": "general", "before": self.messages[1].pk}
        self.assertEqual(
            await realtime.earlier("alice-1", request),
            {"ok": True, "messages": [self.messages[0].as_json()], "more": False},
        )


class MessageTests(RealtimeTestCase):
    def request(self, text: str = "Hello") -> dict[str, str]:
        return {"room": "general", "clientId": str(uuid4()), "text": text}

    async def test_a_message_is_saved_acknowledged_and_announced(self) -> None:
        answer = await realtime.message("alice-1", self.request())
        saved = await Message.objects.select_related("room", "author").aget()
        self.assertEqual((saved.text, saved.author), ("Hello", self.alice.user))
        self.assertEqual(answer, {"ok": True, "message": saved.as_json()})
        others, own = self.sent("message")
        self.assertEqual(others[0], saved.as_json())
        self.assertEqual(others[1]["room"], "room:general")
        self.assertEqual(others[1]["skip_sid"], ["alice-1", "alice-2"])
        self.assertEqual(own[1], {"room": f"user:{self.alice.user.pk}", "skip_sid": "alice-1"})

    async def test_those_in_other_rooms_hear_that_there_is_news(self) -> None:
        self.people.enter("bob-1", "random")
        await realtime.message("alice-1", self.request())
        ((news, options),) = self.sent("activity")
        self.assertEqual(news, {"room": "general"})
        self.assertNotIn("bob-1", options["skip_sid"])

    async def test_sent_twice_is_saved_and_announced_once(self) -> None:
        request = self.request()
        first = await realtime.message("alice-1", request)
        announced = self.sio.emit.await_count
        self.assertEqual(await realtime.message("alice-2", request), first)
        self.assertEqual(await Message.objects.acount(), 1)
        self.assertEqual(self.sio.emit.await_count, announced)

    async def test_the_first_browser_to_acknowledge_delivers(self) -> None:
        await realtime.message("alice-1", self.request())
        callback = self.sent("message")[0][1]["callback"]
        await callback()
        await callback()
        saved = await Message.objects.aget()
        self.assertIsNotNone(saved.delivered)
        self.assertEqual(
            self.sent("delivered"),
            [({"ids": [saved.pk]}, {"room": f"user:{self.alice.user.pk}"})],
        )

    async def test_what_breaks_a_rule_is_refused_and_not_saved(self) -> None:
        nowhere = self.request() | {"room": "nowhere"}
        payloads: list[object] = [None, [], {}, self.request(text=" "), nowhere]
        for payload in payloads:
            answer = await realtime.message("alice-1", payload)
            self.assertFalse(answer["ok"])
            self.assertTrue(answer["error"])
        # Without any argument, and with more than there should be.
        self.assertFalse((await realtime.message("alice-1"))["ok"])
        self.assertTrue((await realtime.message("alice-1", self.request(), "more"))["ok"])
        self.assertEqual(await Message.objects.acount(), 1)

    async def test_too_many_at_once_are_told_when_to_come_back(self) -> None:
        self.clock.side_effect = None
        self.clock.return_value = 10.0**9
        answers = [await realtime.message("alice-1", self.request()) for _ in range(11)]
        self.assertEqual([answer["ok"] for answer in answers], [True] * 10 + [False])
        self.assertEqual(answers[-1]["retryAfter"], 0.5)
        self.assertEqual(await Message.objects.acount(), 10)


class TypingTests(RealtimeTestCase):
    async def test_the_others_in_the_room_are_told(self) -> None:
        await realtime.typing("alice-1", {"active": True})
        self.assertEqual(
            self.sent("typing"),
            [
                (
                    {"room": "general", "name": "alice", "active": True},
                    {"room": "room:general", "skip_sid": ["alice-1", "alice-2"]},
                )
            ],
        )


class LeavingTests(RealtimeTestCase):
    async def test_whoever_disconnects_is_no_longer_shown(self) -> None:
        await realtime.disconnect("bob-1", "transport close")
        ((people, _),) = self.sent("people")
        self.assertEqual([person["name"] for person in people], ["alice"])

    async def test_signing_out_disconnects_all_windows_of_the_session(self) -> None:
        await realtime.end_session("alice's session")
        disconnected = [call.args[0] for call in self.sio.disconnect.await_args_list]
        self.assertEqual(disconnected, ["alice-1", "alice-2"])


class AnnounceRoomTests(RealtimeTestCase):
    async def test_every_page_learns_of_a_new_room(self) -> None:
        await realtime.announce_room(self.general)
        self.assertEqual(
            self.sent("room_created"),
            [({"name": "General", "slug": "general", "topic": self.general.topic}, {})],
        )
