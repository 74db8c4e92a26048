"""Rules: who belongs, said over fields, groups, shops and days, as one tree with two views, the builder and the text.

This package knows the tree, its text and its sentence's parts, and nothing of tables or pages.
"""
