"""
Public postmortems: what leaves, exactly as it leaves.

The command line, the preview in Slack and every later publication take their bytes from `write_public_postmortem`.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlmodel import Session

from bot.config import Settings
from bot.domain.drafting.model import BlockKind
from bot.domain.drafting.public.document import build_public_postmortem
from bot.domain.drafting.public.model import PublicDocument, PublicPolicy, Refusal
from bot.domain.errors import UserError
from bot.domain.findings.blocking import find_blocking
from bot.domain.findings.wording import english_formatter
from bot.domain.record.model import Record
from bot.lazy_dataclass import dataclass
from bot.lazy_loader import LazyModule
from bot.services import outbox
from bot.services.outbox.payloads import PublicPreviewPayload
from bot.services.postmortem.drafts import delete_replaced_files
from bot.services.postmortem.findings import find_in_record
from bot.services.postmortem.load_record import load_record
from bot.store.incidents import incidents, postmortems
from bot.store.incidents.postmortems import Postmortem
from bot.store.shared import audit, people
from bot.store.upkeep import text_locations
from bot.templating.public import render_public_document
from bot.templating.render import join_documents

if TYPE_CHECKING:
    from bot.export import html
else:
    html = LazyModule("bot.export.html")


class PublicationRefused(UserError):
    """The record may not leave as it is. `refusals` are all reasons."""

    def __init__(self, reference: str, refusals: Sequence[Refusal]) -> None:
        self.refusals = tuple(refusals)
        reasons = "\n".join(f"• {each.in_english()}" for each in refusals)
        super().__init__(f"The public postmortem of {reference} is blocked. Fix these, then ask again:\n{reasons}")


@dataclass(frozen=True, slots=True)
class WrittenPublicPostmortem:
    """
    The bytes that leave: Markdown by language. `sources` are the refs of each document.

    `removals`: `mark_removals` of the record that it was written from.
    """

    incident_id: int
    reference: str
    title: str
    documents: Mapping[str, str]
    sources: Mapping[str, tuple[str, ...]]
    removals: str

    @property
    def languages(self) -> tuple[str, ...]:
        return tuple(self.documents)

    @property
    def markdown(self) -> str:
        """All languages, one after the other."""
        return join_documents(self.documents.values())

    @property
    def html(self) -> str:
        """One self-contained file."""
        articles = [html.Article(code, markdown) for code, markdown in self.documents.items()]
        return html.render_html_document(articles, title=self.title)

    @property
    def filename(self) -> str:
        return f"public-postmortem-{self.reference}.md"

    @property
    def file_title(self) -> str:
        return f"Public postmortem {self.reference}: {self.title}"

    @property
    def comment(self) -> str:
        return (
            f"Preview of the public postmortem of {self.reference}. The file is exactly what leaves. "
            "After changes, `/incident postmortem public` writes a new one in its place."
        )

    def block_rows(self) -> list[dict[str, Any]]:
        """One row for each document, so that a redaction finds what quotes an entry."""
        return [
            {
                "section": "public",
                "source": code,
                "language": code,
                "kind": BlockKind.ENTRY.value,
                "refs": list(refs),
                "generated": {"text": self.documents[code], "time": "", "label": "", "by": ""},
            }
            for code, refs in self.sources.items()
        ]


def write_public_postmortem(
    session: Session, settings: Settings, incident_id: int, *, languages: Sequence[str] | None = None
) -> WrittenPublicPostmortem:
    """
    Write the public postmortem. Languages None: those in which it is published.

    Raises PublicationRefused with every reason, and UserError for an unknown language.
    """
    record, row = load_record(session, settings, incident_id), incidents.get(session, incident_id)
    built = build_public_postmortem(record, languages=languages, policy=load_policy(session, settings, row.team_id))
    asked = [document.language for document in built.documents]
    refusals = [*built.refusals, *finding_refusals(settings, record, asked)]
    if refusals:
        raise PublicationRefused(built.reference, refusals)
    return WrittenPublicPostmortem(
        incident_id=incident_id,
        reference=built.reference,
        title=_file_title(built.documents[0]),
        documents={document.language: render_public_document(document) for document in built.documents},
        sources={document.language: document.refs for document in built.documents},
        removals=text_locations.mark_removals(session, row, with_transcript=False),
    )


def save_preview(
    session: Session, written: WrittenPublicPostmortem, *, at: datetime, by: str | None, file_id: str | None
) -> None:
    """
    Store a preview that was posted as the file `file_id`, so that a redaction deletes it.

    An earlier file in the same languages is deleted.
    """
    incident = incidents.lock(session, written.incident_id)
    version = Postmortem(
        incident_id=written.incident_id,
        version=postmortems.next_version(session, written.incident_id),
        template=postmortems.PUBLIC_PREVIEW,
        languages=list(written.languages),
        state=postmortems.PUBLIC_PREVIEW,
        blocks=written.block_rows(),
        created_by=by,
        created_at=at,
        file_id=file_id,
    )
    delete_replaced_files(session, incident, version, at)
    session.add(version)
    audit.record(
        session,
        at=at,
        team_id=incident.team_id,
        incident_id=incident.key,
        user_id=by,
        action=f"wrote public preview {version.version}",
        origin="command",
    )


def discard_preview(
    session: Session, written: WrittenPublicPostmortem, payload: PublicPreviewPayload, file_id: str, at: datetime
) -> None:
    """Delete the file of a preview that was overtaken by a redaction, and post a new one."""
    incident = incidents.get(session, written.incident_id)
    outbox.delete_file(session, incident, at, file_id)
    outbox.post_public_preview(session, incident, at, payload)


def load_policy(session: Session, settings: Settings, team_id: str) -> PublicPolicy:
    """The rules of the configuration, and the names of all people that the workspace knows."""
    section = settings.postmortem
    return PublicPolicy(section.private_words, section.public_hosts, people.find_all_names(session, team_id))


def _file_title(document: PublicDocument) -> str:
    words = document.words
    return f"{words['postmortem']}{words['colon']} {document.title}"


def finding_refusals(settings: Settings, record: Record, languages: Sequence[str]) -> list[Refusal]:
    """The findings that block, in the words of the findings."""
    formatter = english_formatter(record)
    blocking = find_blocking(
        find_in_record(settings, record), codes=settings.postmortem.public_blocked_by, languages=languages
    )
    return [Refusal(f"finding {each.code}:", formatter.format_finding(each)) for each in blocking]
