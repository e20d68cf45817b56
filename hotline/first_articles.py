"""The articles that a new centre begins with, since an answer must rest on one."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.load import ConfigError, load_policy
from config.settings import SHIPPED_CONFIG, Settings
from dispatch.errors import ImportRefused
from dispatch.events import By
from dispatch.knowledge_files import import_reviewed, parse_file
from dispatch.models.knowledge import Article
from dispatch.rules.articles import categories_known
from dispatch.rules.categories import Catalogue
from dispatch.rules.working_time import SHANGHAI

FOLDER = "knowledge"


def has_articles(session: Session) -> bool:
    """Whether the knowledge base has anything at all."""
    return session.scalar(select(Article.id).limit(1)) is not None


def folder_of(settings: Settings) -> Path:
    """Return where the files of articles are: the centre's own folder where there is one, else the shipped one."""
    own = settings.config_dir / FOLDER
    return own if own.is_dir() else SHIPPED_CONFIG / FOLDER


def load_articles(session: Session, *, now: datetime, folder: Path = SHIPPED_CONFIG / FOLDER) -> None:
    """Publish the articles of a folder, unless there are some already; raises ConfigError."""
    if has_articles(session):
        return
    catalogue = load_policy(SHIPPED_CONFIG / "categories.yaml", Catalogue.from_mapping)
    known, today = categories_known(catalogue), now.astimezone(SHANGHAI).date()
    for path in sorted(folder.glob("*.yaml")):
        try:
            entries = parse_file(path.read_bytes(), categories=known)
            # A demonstration may be set in the past.
            held = [
                replace(each, reviewed_on=min(each.reviewed_on, today) if each.reviewed_on else None)
                for each in entries
            ]
            import_reviewed(session, held, by=By("machine"), now=now)
        except ImportRefused as error:
            line, reason = error.findings[0]
            raise ConfigError(path, line, reason) from error
