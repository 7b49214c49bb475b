from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import TestCase
from django.utils import timezone

from chat.authentication import visitor_of

from .people import user


class VisitorTests(TestCase):
    def setUp(self) -> None:
        self.alice = user("alice")
        self.client.force_login(self.alice)
        self.cookie = self.client.cookies[settings.SESSION_COOKIE_NAME].value

    def scope(self, *cookie_headers: str) -> dict[str, Any]:
        return {
            "type": "http",
            "headers": [(b"host", b"testserver")]
            + [(b"cookie", header.encode("latin-1")) for header in cookie_headers],
        }

    async def test_the_session_cookie_names_the_user(self) -> None:
        visitor = await visitor_of(self.scope(f"theme=dark; sessionid={self.cookie}"))
        assert visitor is not None
        self.assertEqual(visitor.user, self.alice)
        self.assertEqual(visitor.session_key, self.cookie)

    async def test_cookies_may_come_in_several_headers(self) -> None:
        visitor = await visitor_of(self.scope("theme=dark", f"sessionid={self.cookie}"))
        assert visitor is not None
        self.assertEqual(visitor.user, self.alice)

    async def test_without_a_cookie_nobody_comes(self) -> None:
        self.assertIsNone(await visitor_of(self.scope()))

    async def test_a_forged_cookie_is_nobody(self) -> None:
        for forged in ("x" * 32, "", "alice", "1", "' OR 1=1 --", "\xff\xfe", "a" * 10_000):
            with self.subTest(forged=forged[:20]):
                self.assertIsNone(await visitor_of(self.scope(f"sessionid={forged}")))

    async def test_an_expired_session_is_nobody(self) -> None:
        await Session.objects.filter(session_key=self.cookie).aupdate(
            expire_date=timezone.now() - timedelta(seconds=1)
        )
        self.assertIsNone(await visitor_of(self.scope(f"sessionid={self.cookie}")))

    async def test_a_session_without_a_user_is_nobody(self) -> None:
        session = self.client.session
        await session.aflush()
        await session.aset("theme", "dark")
        await session.asave()
        self.assertIsNone(await visitor_of(self.scope(f"sessionid={session.session_key}")))

    async def test_signing_out_ends_the_session(self) -> None:
        await self.client.alogout()
        self.assertIsNone(await visitor_of(self.scope(f"sessionid={self.cookie}")))

    async def test_a_new_password_ends_older_sessions(self) -> None:
        self.alice.set_password("another password")
        await self.alice.asave()
        self.assertIsNone(await visitor_of(self.scope(f"sessionid={self.cookie}")))

    async def test_an_inactive_user_is_nobody(self) -> None:
        self.alice.is_active = False
        await self.alice.asave()
        self.assertIsNone(await visitor_of(self.scope(f"sessionid={self.cookie}")))
