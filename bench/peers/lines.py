"""How a peer is asked: a line of JSON with `work` comes in, a line with `seconds` and `n` goes out."""

import json
import sys
import time
from collections.abc import Callable
from typing import Any


def answer(works: dict[str, Callable[..., Any]]) -> None:
    """Do what is asked until nobody asks any more; each work returns what it counted."""
    print(json.dumps({"ready": sorted(works)}), flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        work = works[asked.pop("work")]
        start = time.perf_counter()
        n = work(**asked)
        print(json.dumps({"seconds": time.perf_counter() - start, "n": n}), flush=True)
