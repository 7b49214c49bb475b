from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

from django.conf import settings
from django.db import models
from django.urls import reverse

MESSAGE_MAX_LENGTH = 2000
PAGE_SIZE = 50


class Room(models.Model):
    name = models.CharField(max_length=40, unique=True)
    slug = models.SlugField(max_length=40, unique=True)
    topic = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("room", args=[self.slug])


class Page(NamedTuple):
    """Some neighbouring messages of a room, oldest first."""

    messages: list[Message]
    more: bool
    """Whether older messages of the asked-for range were left out."""


class MessageQuerySet(models.QuerySet["Message"]):
    async def page(
        self, room: Room, *, after: int | None = None, before: int | None = None
    ) -> Page:
        """The newest messages of the room with `after < id < before`, at most `PAGE_SIZE`."""
        found: models.QuerySet[Message] = (
            self.filter(room=room).select_related("room", "author").order_by("-pk")
        )
        if after is not None:
            found = found.filter(pk__gt=after)
        if before is not None:
            found = found.filter(pk__lt=before)
        # One more than a page tells whether anything is left, without counting.
        newest_first = [message async for message in found[: PAGE_SIZE + 1]]
        return Page(
            messages=newest_first[:PAGE_SIZE][::-1],
            more=len(newest_first) > PAGE_SIZE,
        )


class Message(models.Model):
    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="messages")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    text = models.CharField(max_length=MESSAGE_MAX_LENGTH)
    created = models.DateTimeField(auto_now_add=True)
    delivered = models.DateTimeField(
        null=True, blank=True, help_text="When a browser of somebody else first acknowledged it."
    )
    client_id = models.UUIDField(
        help_text="Chosen by the author's browser: sending again never saves twice."
    )

    objects: ClassVar[models.Manager[Message]] = MessageQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("author", "client_id"), name="message_is_sent_once_by_its_author"
            ),
        )
        indexes = (models.Index(fields=("room", "-id"), name="message_room_newest_first"),)

    def __str__(self) -> str:
        return f"{self.author} in {self.room}: {self.text[:40]}"

    def as_json(self) -> dict[str, Any]:
        """What browsers are told about it; needs `room` and `author` to be loaded."""
        return {
            "id": self.pk,
            "clientId": str(self.client_id),
            "room": self.room.slug,
            "author": self.author.get_username(),
            "text": self.text,
            "created": self.created.isoformat(),
            "delivered": self.delivered is not None,
        }
