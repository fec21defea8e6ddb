"""`dogwatch export`: reads beside a running bot, and writes nothing."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session

from bot.config import Settings
from bot.crypto.signed_links import with_secret_key
from bot.domain.errors import UserError
from bot.domain.record.model import Incident
from bot.domain.record.transcript import Transcript
from bot.export.html import Article, html_document
from bot.export.json import incident_json, json_text
from bot.export.transcript import transcript_markdown
from bot.services.channel import transcript_export as appendix
from bot.services.postmortem import drafts as postmortem
from bot.services.postmortem import findings
from bot.services.postmortem import load_record as record
from bot.services.postmortem import templates as forms
from bot.services.postmortem.drafts import Made
from bot.store.database.migrate import require_current
from bot.store.database.session import open_database
from bot.store.incidents import incidents
from bot.templating.render import one_after_the_other


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for: `form` is `markdown`, `html` or `json`; what is None is the incident's own choice."""

    form: str
    template: str | None = None
    languages: Sequence[str] | None = None
    with_transcript: bool = False


async def export_incident(settings: Settings, reference: str, wanted: Wanted) -> str:
    """
    The incident `reference` in the form that is wanted.

    Raises UserError if there is no such incident, template or language, and DatabaseUnavailable.
    """
    if wanted.form == "json" and (wanted.template or wanted.languages):
        raise UserError("The JSON is the whole record in every language: leave --template and --lang out.")
    database = open_database(settings.database_url.get_secret_value(), read_only=True)
    try:
        await require_current(database)
        return await database.read(_exported, with_secret_key(settings), reference, wanted)
    finally:
        await database.close()


def _exported(session: Session, settings: Settings, reference: str, wanted: Wanted) -> str:
    key = incidents.by_reference(session, None, reference).key
    whole = record.load(session, settings, key)
    transcript = appendix.load(session, key) if wanted.with_transcript else None
    if wanted.form == "json":
        return json_text(incident_json(whole, findings.of_record(settings, whole), transcript=transcript))
    if wanted.template:
        forms.existing(settings, wanted.template)
    made = postmortem.draft(session, settings, key, template=wanted.template, languages=wanted.languages)
    if made.problem_details:
        sys.stderr.write(f"{made.problem_details} The built-in `{made.template}` is used.\n")
    return (
        as_html(made, whole.incident, transcript)
        if wanted.form == "html"
        else as_markdown(made, whole.incident, transcript)
    )


def as_markdown(made: Made, incident: Incident, transcript: Transcript | None = None) -> str:
    """The draft; the transcript behind it, in the language that comes first."""
    return one_after_the_other([*made.documents.values(), *_appendix(made, incident, transcript)])


def as_html(made: Made, incident: Incident, transcript: Transcript | None = None) -> str:
    articles = [Article(code, markdown) for code, markdown in made.documents.items()]
    articles += [Article(made.languages[0], each, "transcript") for each in _appendix(made, incident, transcript)]
    return html_document(articles, title=made.document_title)


def _appendix(made: Made, incident: Incident, transcript: Transcript | None) -> list[str]:
    if transcript is None:
        return []
    return [transcript_markdown(transcript, incident, language=made.languages[0])]
