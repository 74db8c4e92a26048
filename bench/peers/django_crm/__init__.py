"""The same customers and groups as a Django application."""
