"""Sample data: invented people, shops and groups for the demo and the tests. Pure: no Flask, no database."""
