"""Postmortem drafts: written from the record, kept version by version."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from bot.config import Settings
from bot.domain.postmortems import Draft, assemble
from bot.render import render_postmortem
from bot.services import record
from bot.store import audit, incidents, postmortems
from bot.store.postmortems import Postmortem


@dataclass(frozen=True, slots=True)
class Made:
    """A draft, ready to be read. `comment` goes beside the file."""

    incident_id: int
    reference: str
    title: str
    template: str
    languages: tuple[str, ...]
    markdown: str
    draft: Draft

    @property
    def filename(self) -> str:
        return f"postmortem-{self.reference}.md"

    @property
    def comment(self) -> str:
        return (
            f"Postmortem draft of {self.reference}, written from the record as it stands. "
            "After changes, `/incident postmortem` writes it anew."
        )


def draft(
    session: Session,
    settings: Settings,
    incident_id: int,
    *,
    template: str | None = None,
    languages: Sequence[str] | None = None,
) -> Made:
    """The draft of an incident as its record stands now. What is None is the incident's own choice."""
    row = incidents.get(session, incident_id)
    chosen = tuple(languages or row.languages)
    assembled = assemble(record.load(session, settings, incident_id), languages=chosen)
    return Made(
        incident_id=incident_id,
        reference=row.reference,
        title=f"Postmortem {row.reference}: {row.title}",
        template=template or row.template,
        languages=chosen,
        markdown=render_postmortem(assembled, template=template or row.template, languages=chosen),
        draft=assembled,
    )


def keep(session: Session, made: Made, *, at: datetime, by: str | None) -> Postmortem:
    """Store a version of the draft, block by block."""
    incident = incidents.lock(session, made.incident_id)
    version = Postmortem(
        incident_id=made.incident_id,
        version=postmortems.next_version(session, made.incident_id),
        template=made.template,
        languages=list(made.languages),
        blocks=_blocks_of(made.draft),
        made_by=by,
        made_at=at,
    )
    session.add(version)
    audit.note(
        session, at=at, team_id=incident.team_id, incident_id=incident.key, who=by,
        what=f"wrote postmortem draft {version.version}", origin="command" if by else "system",
    )  # fmt: skip
    return version


def _blocks_of(assembled: Draft) -> list[dict[str, Any]]:
    return [
        {
            "section": block.section,
            "source": block.key,
            "language": block.language,
            "kind": block.kind.value,
            "refs": [source.ref for source in block.sources],
            "generated": {"text": block.text, "time": block.time, "label": block.label, "by": block.by},
        }
        for block in assembled.blocks()
    ]
