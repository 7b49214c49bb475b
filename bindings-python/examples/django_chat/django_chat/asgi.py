"""The whole deployment: Socket.IO answers below /socket.io/, Django answers everything else."""

import os
from typing import Any

import sansocket
from django.conf import settings
from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "django_chat.settings")

# Any, because Django's type stubs ask for a dict where ASGI says mapping.
django_application: Any = get_asgi_application()
if settings.DEBUG:
    # What `runserver` does: serve the static files without a second process.
    django_application = ASGIStaticFilesHandler(django_application)

# The handlers use models, so Django has to be set up before they are imported.
from chat.realtime import sio  # noqa: E402

application = sansocket.ASGIApp(sio, django_application)
