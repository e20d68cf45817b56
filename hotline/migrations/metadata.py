"""The metadata of every room's tables: what migrations compare with and tests create."""

from __future__ import annotations

from dispatch.models import clocks, history, life, people, tickets, unions
from dispatch.models.base import Base
from hotline.calls import models as calls
from hotline.line import models as line

MODULES = (people, unions, tickets, clocks, history, life, calls, line)
"""Imported for their tables; named so that none is forgotten."""

metadata = Base.metadata
