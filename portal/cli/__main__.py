"""`python -m portal.cli` is `portal`."""

from portal.cli import main

main(prog_name="portal")
