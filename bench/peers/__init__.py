"""Programs that run in the peers' own environment; each answers lines of JSON (see `lines.py`)."""
