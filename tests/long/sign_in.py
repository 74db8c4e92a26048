"""How long a failed try takes: `python -m tests.long.sign_in --times 200` prints the medians, known and unknown."""

import argparse
import statistics
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from argon2 import PasswordHasher

from portal.errors import Refusal
from portal.models import SignInFailure, User
from portal.services import passwords, sessions
from tests.faults.house import portal_in

KNOWN, UNKNOWN = "cass@store.example", "nobody@store.example"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=200)
    times = parser.parse_args().times
    took: dict[str, list[float]] = {KNOWN: [], UNKNOWN: []}
    with tempfile.TemporaryDirectory() as folder, portal_in(Path(folder)):
        # The tests' hashes are cheap ones; here they cost what everybody's do.
        passwords.HASHER = PasswordHasher()
        passwords.decoy.cache_clear()
        User.update(password_hash=passwords.hashed("violet tractor orbit 91")).execute()
        for n in range(times + 5):
            for email in (KNOWN, UNKNOWN) if n % 2 else (UNKNOWN, KNOWN):
                began = time.perf_counter()
                with suppress(Refusal):
                    sessions.sign_in(email, "not the right one", "", "198.51.100.7")
                took[email].append((time.perf_counter() - began) * 1000)
            SignInFailure.delete().execute()
    known, unknown = (found[5:] for found in took.values())
    pairs = statistics.median(one - other for one, other in zip(known, unknown, strict=True))
    print(
        f"{times} tries each: known {statistics.median(known):.2f} ms, unknown {statistics.median(unknown):.2f} ms, "
        f"median difference of neighbours {abs(pairs):.2f} ms"
    )


if __name__ == "__main__":
    main()
