from django import forms
from django.contrib.auth.forms import UserCreationForm, UsernameField
from django.utils.text import slugify

from .models import Room


class SignUpForm(UserCreationForm):
    """Django's own, with names short enough to stand beside a message."""

    username = UsernameField(max_length=24, help_text="Up to 24 letters, digits and @ . + - _")


class RoomForm(forms.ModelForm):
    class Meta:
        model = Room
        fields = ("name", "topic")

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        slug = slugify(name)
        if not slug:
            raise forms.ValidationError("The name needs a letter from a to z or a digit.")
        if Room.objects.filter(slug=slug).exists():
            raise forms.ValidationError("There is a room with this name already.")
        self.instance.slug = slug
        return name
