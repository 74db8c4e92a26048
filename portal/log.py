"""Logs: one JSON line per event, control characters escaped, no personal data."""

import json
import logging
import sys
import time
from typing import Any

from flask import Flask, Response, g, request

_BUILT_IN = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}


class JsonLines(logging.Formatter):
    """Format a record as one line of JSON; what was given as `extra` stands beside the event's name."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; an exception becomes its type and place, never its values."""
        line: dict[str, Any] = {
            "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
        }
        line |= {name: value for name, value in record.__dict__.items() if name not in _BUILT_IN}
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = type(record.exc_info[1]).__name__
            line["trace"] = _places(record.exc_info[2])
        return json.dumps(line, default=str)


def _places(trace: Any) -> list[str]:
    places = []
    while trace is not None:
        places.append(f"{trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}")
        trace = trace.tb_next
    return places[-12:]


def init_app(app: Flask) -> None:
    """Send the portal's logs as JSON lines to standard error, with one line for each request."""
    logger = logging.getLogger("portal")
    if not logger.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(JsonLines())
        logger.addHandler(handler)
        logger.propagate = False
    logger.setLevel(logging.INFO)

    def log_request(response: Response) -> Response:
        if request.endpoint == "static":
            return response
        took = time.perf_counter() - g.get("started", time.perf_counter())
        # The route, not the address: addresses carry codes and searched names.
        logger.info(
            "request",
            extra={
                "method": request.method,
                "route": str(request.url_rule or ""),
                "status": response.status_code,
                "ms": round(took * 1000, 1),
            },
        )
        return response

    app.after_request(log_request)
