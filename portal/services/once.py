"""A form sent twice is done once: the key that its page drew is stored in the transaction of what the form wrote.

Two equal posts, a double click or a browser that sends again after a broken line, carry one key. The second finds it,
waits for the first and is answered as the first was. Another body under the same key (the person went back and typed
something else) is another post.
"""

import hashlib
import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

import peewee

from portal import clock, db
from portal.errors import N_, Conflict
from portal.models import RequestKey

KEPT_DAYS = 1
PATIENCE = 3.0  # seconds that a second post waits for the answer of the first


@dataclass
class _Post:
    key_hash: str
    user_id: int
    endpoint: str
    is_claimed: bool = False


_present: ContextVar[_Post | None] = ContextVar("post", default=None)


def begin(user_id: int, endpoint: str, key: str, said: Sequence[object]) -> None:
    """Note which form is being worked on: whose, its key, and all that it says, its address first."""
    text = json.dumps([user_id, key, *said])
    _present.set(_Post(hashlib.sha256(text.encode()).hexdigest(), user_id, endpoint))


def end() -> None:
    """Forget the form; the thread goes on with another."""
    _present.set(None)


@contextmanager
def aside() -> Iterator[None]:
    """Let the block write without storing the key of the form being worked on: it is none of what the form does."""
    token = _present.set(None)
    try:
        yield
    finally:
        _present.reset(token)


@contextmanager
def transaction(seconds: float = db.WRITE_DEADLINE) -> Iterator[None]:
    """Run the block as one write transaction that also stores the key of the form being worked on, if there is one.

    Raises Conflict when an equal post was quicker; the door answers like that one then.
    """
    post = _present.get()
    claims = post is not None and not post.is_claimed
    try:
        with db.transaction(seconds):
            if post is not None and claims:
                _claim(post)
            yield
    except BaseException:
        # What an earlier transaction of this post has stored stays stored.
        if post is not None and claims:
            post.is_claimed = False
        raise


def _claim(post: _Post) -> None:
    try:
        RequestKey.create(key_hash=post.key_hash, user=post.user_id, endpoint=post.endpoint)
    except peewee.IntegrityError as error:
        raise Conflict(N_("This was sent twice; it was done once.")) from error
    post.is_claimed = True


def earlier() -> RequestKey | None:
    """Return the equal post that was done before this one, as soon as its answer is known; None if there is none."""
    post = _present.get()
    if post is None or post.is_claimed:
        return None
    deadline = time.monotonic() + PATIENCE
    while True:
        found: RequestKey | None = RequestKey.get_or_none(RequestKey.key_hash == post.key_hash)
        if found is None or found.location or time.monotonic() > deadline:
            return found
        time.sleep(0.02)


def answered(status: int, location: str) -> None:
    """Note where the answer to this post leads; a post that was refused after all may be sent again."""
    post = _present.get()
    if post is None or not post.is_claimed:
        return
    own = RequestKey.key_hash == post.key_hash
    with db.transaction():
        RequestKey.delete().where(RequestKey.at < clock.ago(days=KEPT_DAYS)).execute()
        if location:
            RequestKey.update(status=status, location=location).where(own).execute()
        else:
            RequestKey.delete().where(own).execute()
