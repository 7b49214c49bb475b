from io import StringIO

from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import TestCase, override_settings


class CreateDemoUsersTests(TestCase):
    @override_settings(DEBUG=True)
    def test_the_demo_users_can_sign_in(self) -> None:
        output = StringIO()
        call_command("create_demo_users", stdout=output)
        for username in settings.DEMO_USERS:
            self.assertIsNotNone(
                authenticate(username=username, password=settings.DEMO_PASSWORD), username
            )
        self.assertIn("Created alice", output.getvalue())
        self.assertIn(settings.DEMO_PASSWORD, output.getvalue())

    @override_settings(DEBUG=True)
    def test_a_second_run_resets_the_password(self) -> None:
        User.objects.create_user("alice", password="something else")
        output = StringIO()
        call_command("create_demo_users", stdout=output)
        self.assertIsNotNone(authenticate(username="alice", password=settings.DEMO_PASSWORD))
        self.assertIn("Reset alice", output.getvalue())
        self.assertEqual(User.objects.filter(username="alice").count(), 1)

    @override_settings(DEBUG=False)
    def test_a_public_password_never_reaches_production(self) -> None:
        with self.assertRaisesMessage(CommandError, "DEBUG"):
            call_command("create_demo_users")
        self.assertFalse(User.objects.exists())
