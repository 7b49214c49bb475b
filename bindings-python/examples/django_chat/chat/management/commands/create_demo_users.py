from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = "Creates the demo users, or resets their password. Only for development."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("The demo password is public: this command needs DEBUG.")
        for username in settings.DEMO_USERS:
            user, created = get_user_model().objects.get_or_create(username=username)
            user.set_password(settings.DEMO_PASSWORD)
            user.save()
            self.stdout.write(f"{'Created' if created else 'Reset'} {username}")
        self.stdout.write(f"Password: {settings.DEMO_PASSWORD}")
