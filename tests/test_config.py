"""Settings: what is taken from the environment, and the secrets that a machine keeps for itself."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest

from portal import config
from portal.errors import Refusal


def made() -> str:
    return uuid4().hex


@pytest.mark.parametrize("content", [None, "", "\n"], ids=["missing", "empty", "blank"])
def test_a_secret_that_is_not_there_is_made_once_for_its_owner_only(content: str | None, tmp_path: Path) -> None:
    """A full disk or a power cut leaves an empty file; an empty secret would open to everybody."""
    path = tmp_path / "instance" / "secret"
    if content is not None:
        path.parent.mkdir()
        path.touch(mode=0o600)
        path.write_text(content)
    first = config.kept_secret(path, made)
    assert len(first) == 32 and config.kept_secret(path, made) == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_secret_that_many_make_at_once_is_one(tmp_path: Path) -> None:
    for n in range(20):
        path = tmp_path / str(n)
        with ThreadPoolExecutor(8) as pool:
            assert len(set(pool.map(lambda _, path=path: config.kept_secret(path, made), range(8)))) == 1


def test_a_kept_secret_may_lie_where_nobody_can_write(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("x" * 40)
    path.chmod(0o400)
    assert config.kept_secret(path, made) == "x" * 40


def test_a_kept_key_is_as_long_as_a_given_one_must_be(tmp_path: Path) -> None:
    (tmp_path / "secret_key").write_text("short")
    with pytest.raises(Refusal, match="at least 32 characters"):
        config.with_secret(config.Settings(), tmp_path)


@pytest.mark.parametrize("zone", ["Kigali", "Africa", "../Africa/Kigali", "/etc/passwd", "UTC+2\x00"])
def test_a_time_zone_that_is_none_is_refused(zone: str) -> None:
    with pytest.raises(Refusal, match="must be a time zone"):
        config.read({"PORTAL_TIMEZONE": zone})
    assert config.read({"PORTAL_TIMEZONE": "Africa/Kigali"}).timezone == "Africa/Kigali"


@pytest.mark.parametrize("text", ["*", "localhost", "127.0.0.0/8", "127.0.0.1:80", "127.0.0.1,127.0.0.2", "0:0::1"])
def test_a_proxy_is_one_address_as_the_server_writes_it(text: str) -> None:
    with pytest.raises(Refusal, match="PORTAL_PROXY must be one network address"):
        config.read({"PORTAL_PROXY": text})


@pytest.mark.parametrize("text", ["127.0.0.1", "::1"])
def test_a_proxy_that_is_named_is_believed_and_none_is_by_itself(text: str) -> None:
    assert config.read({"PORTAL_PROXY": f" {text} "}).proxy == text and config.read({}).proxy == ""


@pytest.mark.parametrize("place", ["db:port", "db:99999", "db:0", "db:54 32", "[::1:5432"])
def test_a_database_at_no_address_is_refused_without_its_password(place: str) -> None:
    with pytest.raises(Refusal, match="PORTAL_DATABASE is no address") as refused:
        config.read({"PORTAL_DATABASE": f"postgresql://ann:{'sesame'}@{place}/portal"})
    assert "sesame" not in str(refused.value)


@pytest.mark.parametrize("place", ["db", "db:5432", "[::1]:5432", "", "/portal?host=/run/postgresql"])
def test_a_database_at_an_address_is_taken(place: str) -> None:
    url = f"postgresql://{place}/portal"
    assert config.read({"PORTAL_DATABASE": url}).database == url
