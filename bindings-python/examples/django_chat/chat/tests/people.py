"""Users and messages for the tests."""

from uuid import uuid4

from django.contrib.auth.models import User

from chat.models import Message, Room


def user(name: str, password: str | None = None) -> User:
    """Without a password the user cannot sign in by the form, and need not wait for its hash."""
    return User.objects.create_user(name, password=password)


def message(author: User, room: Room, text: str = "Hello") -> Message:
    return Message.objects.create(author=author, room=room, text=text, client_id=uuid4())
