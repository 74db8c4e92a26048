"""One file a country: its names, towns, phone prefixes and papers."""
