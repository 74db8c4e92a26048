"""Users: the people who sign in, their roles and their sessions."""

import peewee
from flask_login import UserMixin

from portal.clock import now
from portal.db import Model
from portal.models.shop import Shop


class User(Model):
    """Somebody who may sign in, with the address she signs in by."""

    id = peewee.AutoField()
    email = peewee.TextField()
    email_key = peewee.TextField(unique=True)
    name = peewee.TextField()
    password_hash = peewee.TextField(default="")
    is_active = peewee.BooleanField(default=True)
    language = peewee.TextField(default="")
    created_at = peewee.DateTimeField(default=now)

    class Meta:
        table_name = "user_account"


class UserRole(Model):
    """A role given to a person, for one shop or for the whole company."""

    id = peewee.AutoField()
    user = peewee.ForeignKeyField(User, backref="roles", on_delete="CASCADE")
    role = peewee.TextField()
    shop = peewee.ForeignKeyField(Shop, null=True, index=False, on_delete="RESTRICT")


class UserSession(Model, UserMixin):
    """One signed-in browser. The cookie holds the key; the table only its hash, so a stolen table opens nothing."""

    id = peewee.AutoField()
    key_hash = peewee.TextField(unique=True)
    user = peewee.ForeignKeyField(User, backref="sessions", on_delete="CASCADE")
    started_at = peewee.DateTimeField(default=now)
    seen_at = peewee.DateTimeField(default=now)
    ended_at = peewee.DateTimeField(null=True)
    agent = peewee.TextField(default="")

    # Set by the sign-in service and the loader; never stored.
    key = ""

    def get_id(self) -> str:
        """Return the session's key, the only thing that flask-login writes into the cookie."""
        return self.key


class SignInFailure(Model):
    """A failed try to sign in: `key` is a keyed hash of the address tried, so the table lists nobody."""

    id = peewee.AutoField()
    key = peewee.TextField()
    failed_at = peewee.DateTimeField(default=now)

    class Meta:
        indexes = ((("key", "failed_at"), False),)
