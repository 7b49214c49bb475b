from django.urls import path

from . import views

urlpatterns = [
    path("", views.home, name="home"),
    path("rooms/", views.create_room, name="create_room"),
    path("rooms/<slug:slug>/", views.show_room, name="room"),
    path("login/", views.SignIn.as_view(), name="login"),
    path("logout/", views.SignOut.as_view(), name="logout"),
    path("signup/", views.SignUp.as_view(), name="signup"),
]
