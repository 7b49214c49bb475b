from __future__ import annotations

from typing import Any

from asgiref.sync import async_to_sync
from django.conf import settings
from django.contrib import auth
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import LoginView, LogoutView
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST
from django.views.generic import CreateView

from . import realtime
from .forms import RoomForm, SignUpForm
from .models import MESSAGE_MAX_LENGTH, Room

TRANSPORTS = ("polling", "websocket")


@login_required
def home(request: HttpRequest) -> HttpResponse:
    room = Room.objects.filter(slug="general").first() or Room.objects.first()
    if room is None:
        return _chat(request, None)
    return _redirect_to(request, room)


@login_required
def show_room(request: HttpRequest, slug: str) -> HttpResponse:
    room = Room.objects.filter(slug=slug).first()
    if room is None:
        # Not Http404, for which DEBUG would show a page for developers.
        return render(request, "404.html", status=404)
    return _chat(request, room)


@login_required
@require_POST
def create_room(request: HttpRequest) -> HttpResponse:
    form = RoomForm(request.POST)
    if not form.is_valid():
        return _chat(request, Room.objects.first(), form, status=422)
    room = form.save()
    async_to_sync(realtime.announce_room)(room)
    return _redirect_to(request, room)


class SignIn(LoginView):
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            demo_users=_demo_users(),
            demo_password=settings.DEMO_PASSWORD,
            session_ended="expired" in self.request.GET,
            **kwargs,
        )


class SignOut(LogoutView):
    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        session_key = request.session.session_key
        response = super().post(request, *args, **kwargs)
        if session_key:
            # The cookie was only asked for at the handshake: open sockets would outlive it.
            async_to_sync(realtime.end_session)(session_key)
        return response


class SignUp(CreateView):
    form_class = SignUpForm
    template_name = "registration/signup.html"

    def form_valid(self, form: ModelForm) -> HttpResponse:
        auth.login(self.request, form.save())
        return redirect(settings.LOGIN_REDIRECT_URL)


def _chat(
    request: HttpRequest, room: Room | None, form: RoomForm | None = None, status: int = 200
) -> HttpResponse:
    transport = request.GET.get("transport")
    page = {
        "user": request.user.get_username(),
        "room": room.slug if room else None,
        "rooms": {r.slug: {"name": r.name, "topic": r.topic} for r in Room.objects.all()},
        "transports": [transport] if transport in TRANSPORTS else list(TRANSPORTS),
        "maximumLength": MESSAGE_MAX_LENGTH,
    }
    context = {
        "page": page,
        "room": room,
        "room_form": form or RoomForm(),
        "socket_io_client_is_local": bool(settings.SOCKET_IO_CLIENT),
    }
    return render(request, "chat/chat.html", context, status=status)


def _redirect_to(request: HttpRequest, room: Room) -> HttpResponse:
    """To the room, keeping `?transport=`."""
    query = request.GET.urlencode()
    return redirect(f"{room.get_absolute_url()}?{query}" if query else room.get_absolute_url())


def _demo_users() -> list[str]:
    if not settings.DEBUG:
        return []
    found = auth.get_user_model().objects.filter(username__in=settings.DEMO_USERS)
    return sorted(user.get_username() for user in found)
