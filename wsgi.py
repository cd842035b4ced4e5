"""Entry point of the web process: `gunicorn --config ops/gunicorn.py wsgi:app`."""

from app import create_app
from config.settings import load_settings
from infra.log import configure

_settings = load_settings()
configure(_settings.log_level, process="web")
app = create_app(_settings)
