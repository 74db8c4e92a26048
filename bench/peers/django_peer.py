"""Django: the admin's changelist by the test client, and django-import-export."""

import sys
from pathlib import Path
from urllib.parse import unquote, urlencode, urlsplit

sys.path.insert(0, str(Path(__file__).parent))

import django
from django.conf import settings
from lines import answer


def database(url: str) -> dict:
    if url.startswith("sqlite:///"):
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": url.removeprefix("sqlite:///")}
    parts = urlsplit(url)
    options = dict(pair.split("=", 1) for pair in parts.query.split("&") if "=" in pair)
    return {
        "ENGINE": "django.db.backends.postgresql", "NAME": parts.path.lstrip("/"),
        "HOST": unquote(options.get("host", parts.hostname or "")), "USER": parts.username or "",
        "PASSWORD": parts.password or "", "PORT": parts.port or "", "CONN_MAX_AGE": None,
    }  # fmt: skip


settings.configure(
    DATABASES={"default": database(sys.argv[1])},
    SECRET_KEY="b" * 40, ROOT_URLCONF="django_peer_urls", ALLOWED_HOSTS=["testserver"], USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=["django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes",
                    "django.contrib.sessions", "django.contrib.messages", "import_export", "django_crm"],
    MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware",
                "django.contrib.auth.middleware.AuthenticationMiddleware",
                "django.contrib.messages.middleware.MessageMiddleware"],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True,
                "OPTIONS": {"context_processors": ["django.template.context_processors.request",
                                                   "django.contrib.auth.context_processors.auth",
                                                   "django.contrib.messages.context_processors.messages"]}}],
)  # fmt: skip
django.setup()

# Django's models can be imported only now.
from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.test import Client  # noqa: E402
from django_crm.models import Customer, Shop  # noqa: E402
from import_export import fields, resources, widgets  # noqa: E402
from tablib import Dataset  # noqa: E402

call_command("migrate", verbosity=0)
client = Client()
client.force_login(User.objects.filter(username="bench").first() or User.objects.create_superuser("bench"))


def page(**asked) -> int:
    answered = client.get("/admin/django_crm/customer/?" + urlencode(asked))
    assert answered.status_code == 200, answered.status_code
    return answered.content.count(b"<tr>")


def group_page(group: int) -> int:
    return page(groups__id__exact=group)


def search(text: str) -> int:
    return page(q=text)


def groups_list() -> int:
    answered = client.get("/admin/django_crm/group/")
    assert answered.status_code == 200, answered.status_code
    return answered.content.count(b"<tr>")


class CustomerResource(resources.ModelResource):
    shop = fields.Field("shop", "shop", widgets.ForeignKeyWidget(Shop, "code"))
    groups = fields.Field("groups", "groups", widgets.ManyToManyWidget(Customer.groups.rel.model, field="code"),
                          m2m_add=True)  # fmt: skip

    class Meta:
        model = Customer
        import_id_fields = ("code",)
        fields = ("code", "name", "email", "phone", "shop", "language", "address", "groups")
        skip_unchanged = True


def import_file(path: str, group: int) -> int:
    data = Dataset().load(Path(path).read_text(encoding="utf-8"), format="csv")
    data.append_col([f"group-{group:03}"] * len(data), header="groups")
    # As the admin does it: a dry run that shows what would happen, then the import.
    for dry in (True, False):
        done = CustomerResource().import_data(data, dry_run=dry, raise_errors=True, use_transactions=True)
    return done.total_rows


answer({"group page": group_page, "search": search, "groups list": groups_list, "import": import_file})
