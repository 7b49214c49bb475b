from __future__ import annotations

import json
import re
from io import StringIO
from typing import Any
from unittest.mock import AsyncMock, patch

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import TestCase, override_settings

from chat.models import Room

from .people import user


def page_of(response: Any) -> dict[str, Any]:
    """The JSON that the page's script reads."""
    found = re.search(r'<script id="page"[^>]*>(.*?)</script>', response.content.decode())
    assert found is not None
    page: dict[str, Any] = json.loads(found[1])
    return page


class RoomViewTests(TestCase):
    def setUp(self) -> None:
        self.client.force_login(user("alice"))

    def test_home_is_the_general_room(self) -> None:
        self.assertRedirects(self.client.get("/"), "/rooms/general/")

    def test_home_keeps_the_choice_of_transport(self) -> None:
        self.assertRedirects(
            self.client.get("/?transport=polling"), "/rooms/general/?transport=polling"
        )

    def test_home_without_any_room_says_so(self) -> None:
        Room.objects.all().delete()
        response = self.client.get("/")
        self.assertContains(response, "No room yet")
        self.assertIsNone(page_of(response)["room"])

    def test_a_room_tells_its_script_everything(self) -> None:
        page = page_of(self.client.get("/rooms/random/"))
        self.assertEqual(page["user"], "alice")
        self.assertEqual(page["room"], "random")
        self.assertEqual(page["transports"], ["polling", "websocket"])
        self.assertEqual(page["maximumLength"], 2000)

    def test_the_query_chooses_the_transport(self) -> None:
        for query, transports in (
            ("polling", ["polling"]),
            ("websocket", ["websocket"]),
            ("pigeon", ["polling", "websocket"]),
        ):
            page = page_of(self.client.get(f"/rooms/random/?transport={query}"))
            self.assertEqual(page["transports"], transports)

    def test_an_unknown_room_is_not_found(self) -> None:
        response = self.client.get("/rooms/nowhere/")
        self.assertContains(response, "does not exist", status_code=404)

    def test_names_of_rooms_are_never_markup(self) -> None:
        name = "</script><script>alert(1)</script>"
        Room.objects.create(name=name, slug="odd")
        response = self.client.get("/rooms/odd/")
        self.assertNotContains(response, "<script>alert")
        self.assertEqual(page_of(response)["rooms"]["odd"]["name"], name)

    def test_pages_run_no_scripts_but_ours(self) -> None:
        policy = self.client.get("/rooms/general/").headers["Content-Security-Policy"]
        self.assertIn("default-src 'none'", policy)
        self.assertNotIn("unsafe", policy)

    def test_visitors_are_sent_to_sign_in_and_come_back(self) -> None:
        self.client.logout()
        for path in ("/", "/rooms/general/?transport=polling"):
            response = self.client.get(path)
            self.assertEqual(response.status_code, 302)
            self.assertTrue(response.headers["Location"].startswith("/login/?next=/"))


class CreateRoomTests(TestCase):
    def setUp(self) -> None:
        self.client.force_login(user("alice"))

    def create(self, name: str, topic: str = "") -> Any:
        return self.client.post("/rooms/", {"name": name, "topic": topic})

    def test_the_room_is_opened_and_announced(self) -> None:
        with patch("chat.realtime.announce_room", new_callable=AsyncMock) as announce:
            response = self.create("Tea time!", "Milk first?")
        self.assertRedirects(response, "/rooms/tea-time/")
        room = Room.objects.get(slug="tea-time")
        self.assertEqual((room.name, room.topic), ("Tea time!", "Milk first?"))
        announce.assert_awaited_once_with(room)

    def test_a_refused_form_says_why_and_announces_nothing(self) -> None:
        for name, error in (
            ("", "This field is required."),
            ("x" * 41, "at most 40 characters"),
            ("General", "already"),
            ("général", "already"),
            ("???", "needs a letter"),
        ):
            with (
                self.subTest(name=name),
                patch("chat.realtime.announce_room", new_callable=AsyncMock) as announce,
            ):
                response = self.create(name)
                self.assertContains(response, error, status_code=422)
                self.assertContains(response, "data-open", status_code=422)
                announce.assert_not_awaited()
        self.assertEqual(Room.objects.count(), 3)

    def test_only_users_create_rooms_and_only_by_post(self) -> None:
        self.assertEqual(self.client.get("/rooms/").status_code, 405)
        self.client.logout()
        self.assertEqual(self.create("Secret").status_code, 302)
        self.assertFalse(Room.objects.filter(name="Secret").exists())


class AccountTests(TestCase):
    def test_signing_in_leads_to_where_one_wanted_to_go(self) -> None:
        user("alice", "a password")
        response = self.client.post(
            "/login/?next=/rooms/random/",
            {"username": "alice", "password": "a password", "next": "/rooms/random/"},
        )
        self.assertRedirects(response, "/rooms/random/")

    def test_a_wrong_password_is_refused_with_a_reason(self) -> None:
        user("alice", "a password")
        response = self.client.post("/login/", {"username": "alice", "password": "wrong"})
        self.assertContains(response, "correct username and password")

    def test_signing_in_leads_nowhere_else(self) -> None:
        user("alice", "a password")
        response = self.client.post(
            "/login/",
            {"username": "alice", "password": "a password", "next": "https://evil.example/"},
        )
        self.assertRedirects(response, "/", fetch_redirect_response=False)

    def test_whose_session_ended_is_told_so(self) -> None:
        self.assertContains(self.client.get("/login/?expired"), "Your session has ended")
        self.assertNotContains(self.client.get("/login/"), "Your session has ended")

    @override_settings(DEBUG=True)
    def test_the_demo_password_is_shown_once_there_are_demo_users(self) -> None:
        self.assertNotContains(self.client.get("/login/"), settings.DEMO_PASSWORD)
        call_command("create_demo_users", stdout=StringIO())
        self.assertContains(self.client.get("/login/"), settings.DEMO_PASSWORD)

    @override_settings(DEBUG=False)
    def test_the_demo_password_is_never_shown_in_production(self) -> None:
        user("alice")
        self.assertNotContains(self.client.get("/login/"), settings.DEMO_PASSWORD)

    def test_signing_up_signs_in(self) -> None:
        form = {"username": "carol", "password1": "9 green cups", "password2": "9 green cups"}
        response = self.client.post("/signup/", form)
        self.assertRedirects(response, "/", fetch_redirect_response=False)
        carol = User.objects.get(username="carol")
        self.assertEqual(self.client.session["_auth_user_id"], str(carol.pk))

    def test_signing_up_refuses_names_that_are_taken_or_too_long(self) -> None:
        user("alice")
        for username, error in (
            ("alice", "already exists"),
            ("Alice", "already exists"),
            ("x" * 25, "at most 24 characters"),
        ):
            form = {"username": username, "password1": "9 green cups", "password2": "9 green cups"}
            self.assertContains(self.client.post("/signup/", form), error)
        self.assertEqual(User.objects.count(), 1)

    def test_signing_out_disconnects_the_windows_of_this_session(self) -> None:
        self.client.force_login(user("alice"))
        session_key = self.client.session.session_key
        with patch("chat.realtime.end_session", new_callable=AsyncMock) as end_session:
            self.assertRedirects(self.client.post("/logout/"), "/login/")
        end_session.assert_awaited_once_with(session_key)
