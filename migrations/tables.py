"""Every table of Swiftline, gathered for migrations and tests: importing this knows them all."""

from agents import models as agents
from calls import models as calls
from infra import breaker
from infra.db import Base
from infra.outbox import rows as outbox
from recordings import models as recordings
from tickets import models as tickets
from web.access import models as access

metadata = Base.metadata

__all__ = ["access", "agents", "breaker", "calls", "metadata", "outbox", "recordings", "tickets"]
