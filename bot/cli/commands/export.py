"""
`dogwatch export`: write an incident's draft or record.

Read-only; may run beside a running bot.
"""

import asyncio
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click
from sqlmodel import Session

from bot.cli.environment import load_settings
from bot.config import Settings
from bot.config.crypto import ensure_secret_key
from bot.domain.errors import UserError
from bot.domain.languages import get_language
from bot.domain.record.model import Incident, Record
from bot.domain.record.transcript import Transcript
from bot.domain.timeline.kept_files import KeptFile
from bot.export.image.kept_files import render_kept_files
from bot.export.json import incident_json, json_text
from bot.export.transcript import transcript_markdown
from bot.lazy_dataclass import dataclass
from bot.lazy_loader import LazyModule
from bot.runtime.kept_files import FileFolder
from bot.services.channel.transcript_export import load_transcript
from bot.services.postmortem import findings
from bot.services.postmortem.drafts import WrittenDraft, write_draft
from bot.services.postmortem.load_record import load_record
from bot.services.postmortem.public import write_public_postmortem
from bot.services.postmortem.templates import check_template
from bot.store.database.migrate import require_current
from bot.store.database.session import open_database
from bot.store.incidents import incidents
from bot.store.incidents.kept_files import find_kept_files
from bot.templating.render import join_documents

if TYPE_CHECKING:
    from bot.export import html
    from bot.export.plot import figure
else:
    html, figure = LazyModule("bot.export.html"), LazyModule("bot.export.plot.figure")


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """
    `form`: `markdown`, `html` or `json`. Template and languages None: the incident's own.

    `is_public`: the public postmortem instead of the draft.
    """

    form: str
    template: str | None = None
    languages: Sequence[str] | None = None
    with_transcript: bool = False
    is_public: bool = False
    with_picture: bool = True
    with_files: bool = True

    def check(self) -> None:
        """Raise UserError for options that do not fit together."""
        if self.form == "json" and (self.template or self.languages):
            raise UserError("JSON contains the whole record in every language. Remove --template and --lang.")
        if self.is_public and (self.form == "json" or self.template or self.with_transcript):
            raise UserError(
                "The public postmortem has no template and no transcript. Remove --template and --transcript, and "
                "use --format markdown or html."
            )


async def export_incident(settings: Settings, reference: str, options: ExportOptions) -> str:
    """
    Render the incident as `options` ask.

    Raises UserError for an unknown incident, template or language, and for a public postmortem that is blocked, and
    DatabaseUnavailable.
    """
    options.check()
    database = open_database(settings.database_url.get_secret_value(), read_only=True)
    try:
        await require_current(database)
        return await database.read(_export, ensure_secret_key(settings), reference, options)
    finally:
        await database.close()


def _export(session: Session, settings: Settings, reference: str, options: ExportOptions) -> str:
    key = incidents.find_by_reference(session, None, reference).key
    if options.is_public:
        written = write_public_postmortem(session, settings, key, languages=options.languages)
        return written.html if options.form == "html" else written.markdown
    record = load_record(session, settings, key)
    transcript = load_transcript(session, key) if options.with_transcript else None
    if options.form == "json":
        return json_text(incident_json(record, findings.find_in_record(settings, record), transcript=transcript))
    if options.template:
        check_template(settings, options.template)
    draft = write_draft(session, settings, key, template=options.template, languages=options.languages)
    if draft.problem_details:
        sys.stderr.write(f"{draft.problem_details} The built-in `{draft.template}` is used.\n")
    if options.form != "html":
        return draft_markdown(draft, record.incident, transcript)
    files = find_kept_files(session, key) if options.with_files else []
    shown = _render_files(settings, key, record.incident.reference, files)
    return draft_html(draft, record, transcript, with_picture=options.with_picture, files=shown)


def _render_files(settings: Settings, incident_id: int, reference: str, files: Sequence[KeptFile]) -> str:
    """HTML of the kept files; empty without any."""
    root = settings.kept_files_folder
    if root is None:
        return ""

    def read(file: KeptFile) -> bytes | None:
        return FileFolder(root, of_alerts=file.is_from_alert).read(incident_id, file.digest)

    return render_kept_files(files, read, page=f"{settings.base_url}/incidents/{reference}")


def draft_markdown(draft: WrittenDraft, incident: Incident, transcript: Transcript | None = None) -> str:
    """The draft in each language, then the transcript in the first one."""
    return join_documents([*draft.documents.values(), *_transcripts(draft, incident, transcript)])


def draft_html(
    draft: WrittenDraft,
    record: Record,
    transcript: Transcript | None = None,
    *,
    with_picture: bool = True,
    files: str = "",
) -> str:
    """
    The draft in each language with its picture, then files and transcript in the first one.

    `files`: HTML of the kept files.
    """
    articles = [
        html.Article(code, markdown, picture=figure.render_plot(record, code) if with_picture else "")
        for code, markdown in draft.documents.items()
    ]
    if files:
        title = get_language(draft.languages[0]).words["kept_files"]
        articles.append(html.Article(draft.languages[0], f"# {title}\n", html.FILES, picture=files))
    transcripts = _transcripts(draft, record.incident, transcript)
    articles += [html.Article(draft.languages[0], each, "transcript") for each in transcripts]
    return html.render_html_document(articles, title=draft.document_title)


def _transcripts(draft: WrittenDraft, incident: Incident, transcript: Transcript | None) -> list[str]:
    if transcript is None:
        return []
    return [transcript_markdown(transcript, incident, language=draft.languages[0])]


@click.command()
@click.argument("reference")
@click.option(
    "--format",
    "form",
    type=click.Choice(["markdown", "html", "json"]),
    default="markdown",
    show_default=True,
    help="Output: the draft as Markdown or HTML, or the whole record as JSON.",
)
@click.option("--template", help="Template of the draft: classic, brief, statuspage, sre, or your own.")
@click.option("--lang", help="Languages of the draft, for example fr,en.")
@click.option("--transcript", is_flag=True, help="Include all messages of the channel.")
@click.option("--public", is_flag=True, help="The public postmortem: nothing internal, roles instead of people.")
@click.option("--no-picture", is_flag=True, help="Leave out the picture of the incident (html).")
@click.option("--no-files", is_flag=True, help="Leave out the files that people posted (html).")
def export(
    *,
    reference: str,
    form: str,
    template: str | None,
    lang: str | None,
    transcript: bool,
    public: bool,
    no_picture: bool,
    no_files: bool,
) -> None:
    """Write an incident's postmortem draft (markdown, html) or its whole record (json) to standard output."""
    settings = load_settings()
    languages = tuple(each.strip() for each in lang.split(",") if each.strip()) if lang else None
    options = ExportOptions(
        form,
        template,
        languages,
        with_transcript=transcript,
        is_public=public,
        with_picture=not no_picture,
        with_files=not no_files,
    )
    click.echo(asyncio.run(export_incident(settings, reference, options)), nl=False)
