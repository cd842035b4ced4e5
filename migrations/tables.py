"""Every table of Swiftline, gathered for migrations and tests: importing this knows them all."""

from agents import models as agents
from calls import models as calls
from infra import breaker, jobs
from infra.db import Base
from recordings import models as recordings
from tickets import models as tickets
from web.access import models as access

metadata = Base.metadata

__all__ = ["access", "agents", "breaker", "calls", "jobs", "metadata", "recordings", "tickets"]
