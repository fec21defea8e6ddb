"""`dogwatch export`: reads beside a running bot, and writes nothing."""

from collections.abc import Sequence

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import UserError
from bot.export.html import html_document
from bot.export.json import incident_json, json_text
from bot.pagelinks import with_secret_key
from bot.services import postmortem, record
from bot.store import incidents
from bot.store.session import open_database


async def export_incident(
    settings: Settings, reference: str, form: str, *, template: str | None, languages: Sequence[str] | None
) -> str:
    """
    The incident `reference` as `markdown`, `html` or `json`.

    Raises UserError if there is no such incident, template or language, and DatabaseUnavailable.
    """
    if form == "json" and (template or languages):
        raise UserError("The JSON is the whole record in every language: leave --template and --lang out.")
    database = open_database(settings.database_url.get_secret_value(), read_only=True)

    def read(session: Session) -> str:
        incident = incidents.by_reference(session, None, reference)
        keyed = with_secret_key(settings)
        if form == "json":
            return json_text(incident_json(record.load(session, keyed, incident.key)))
        made = postmortem.draft(session, keyed, incident.key, template=template, languages=languages)
        return html_document(made.markdown, title=made.title) if form == "html" else made.markdown

    try:
        return await database.read(read)
    finally:
        await database.close()
