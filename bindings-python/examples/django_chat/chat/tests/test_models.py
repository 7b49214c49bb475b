from django.db import IntegrityError
from django.test import TestCase

from chat.models import PAGE_SIZE, Message, Room

from .people import message, user


class MessageTests(TestCase):
    def setUp(self) -> None:
        self.alice = user("alice")
        self.room = Room.objects.get(slug="general")

    def test_a_client_id_is_used_once_by_an_author(self) -> None:
        first = message(self.alice, self.room)
        with self.assertRaises(IntegrityError):
            Message.objects.create(
                author=self.alice, room=self.room, text="Again", client_id=first.client_id
            )

    def test_two_authors_may_choose_the_same_client_id(self) -> None:
        first = message(self.alice, self.room)
        second = Message.objects.create(
            author=user("bob"), room=self.room, text="Mine", client_id=first.client_id
        )
        self.assertNotEqual(first.pk, second.pk)

    def test_json_tells_browsers_what_they_show(self) -> None:
        saved = message(self.alice, self.room, "Good morning")
        self.assertEqual(
            saved.as_json(),
            {
                "id": saved.pk,
                "clientId": str(saved.client_id),
                "room": "general",
                "author": "alice",
                "text": "Good morning",
                "created": saved.created.isoformat(),
                "delivered": False,
            },
        )


class PageTests(TestCase):
    def setUp(self) -> None:
        alice = user("alice")
        self.room = Room.objects.get(slug="general")
        self.ids = [message(alice, self.room, str(n)).pk for n in range(PAGE_SIZE + 1)]

    async def test_a_room_without_messages_has_an_empty_page(self) -> None:
        page = await Message.objects.page(await Room.objects.aget(slug="random"))
        self.assertEqual((page.messages, page.more), ([], False))

    async def test_the_newest_come_oldest_first(self) -> None:
        page = await Message.objects.page(self.room)
        self.assertEqual([message.pk for message in page.messages], self.ids[1:])
        self.assertTrue(page.more)

    async def test_before_leads_to_the_beginning(self) -> None:
        page = await Message.objects.page(self.room, before=self.ids[1])
        self.assertEqual([message.pk for message in page.messages], self.ids[:1])
        self.assertFalse(page.more)

    async def test_after_gives_what_was_missed(self) -> None:
        page = await Message.objects.page(self.room, after=self.ids[-3])
        self.assertEqual([message.pk for message in page.messages], self.ids[-2:])
        self.assertFalse(page.more)

    async def test_a_page_that_just_fits_has_no_more(self) -> None:
        page = await Message.objects.page(self.room, after=self.ids[0])
        self.assertEqual(len(page.messages), PAGE_SIZE)
        self.assertFalse(page.more)

    async def test_more_says_that_not_all_that_was_missed_fits(self) -> None:
        page = await Message.objects.page(self.room, after=0)
        self.assertEqual([message.pk for message in page.messages], self.ids[1:])
        self.assertTrue(page.more)
