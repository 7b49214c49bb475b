from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

FIRST_ROOMS = (
    ("general", "General", "Say hello. Everybody starts here."),
    ("random", "Random", "Links, lunches and lost umbrellas."),
    ("help", "Help", "No question is too small."),
)


def create_first_rooms(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    rooms = apps.get_model("chat", "Room").objects
    for slug, name, topic in FIRST_ROOMS:
        rooms.create(slug=slug, name=name, topic=topic)


class Migration(migrations.Migration):
    dependencies = (("chat", "0001_initial"),)
    operations = (migrations.RunPython(create_first_rooms, migrations.RunPython.noop),)
