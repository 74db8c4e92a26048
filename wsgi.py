"""The portal as a WSGI application, for servers such as waitress and gunicorn: `wsgi:app`."""

from portal import create_app

app = create_app()
