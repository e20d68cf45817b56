"""The metadata of every room's tables: what migrations compare with and tests create."""

from __future__ import annotations

from dispatch.models import (
    attachments,
    audit,
    clocks,
    configuration,
    history,
    inbox,
    knowledge,
    life,
    partners,
    people,
    places,
    progress,
    quality,
    search,
    signals,
    tickets,
    unions,
    views,
    watching,
)
from dispatch.models import calendars as working_time
from dispatch.models.base import Base
from hotline.calls import follow_up_models as follow_ups
from hotline.calls import models as calls
from hotline.calls import probe_models as synthetic
from hotline.calls import protection_models as protection
from hotline.calls import recording_models as recordings
from hotline.calls import relay_models as relays
from hotline.calls import talk_models as talks
from hotline.line import models as line
from hotline.line import shift_models as shifts
from hotline.line import wrap_up_models as wrap_ups
from hotline.public import models as public

MODULES = (
    people,
    unions,
    places,
    tickets,
    clocks,
    configuration,
    history,
    inbox,
    life,
    partners,
    working_time,
    signals,
    audit,
    attachments,
    search,
    views,
    calls,
    line,
    progress,
    protection,
    synthetic,
    follow_ups,
    public,
    relays,
    talks,
    shifts,
    knowledge,
    quality,
    recordings,
    wrap_ups,
    watching,
)
"""Imported for their tables; named so that none is forgotten."""

metadata = Base.metadata
