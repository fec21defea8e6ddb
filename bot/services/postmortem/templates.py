"""Postmortem templates: validate names, render drafts, report broken templates."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bot.config import Settings
from bot.domain.errors import UserError, did_you_mean, offer_closest
from bot.domain.postmortem import Draft, build_draft
from bot.domain.record.model import Record
from bot.domain.record.samples import bare_record, full_record
from bot.lazy_dataclass import dataclass
from bot.templating.render import DEFAULT_TEMPLATE, BrokenTemplate, postmortem_templates, render_documents, templates_in
from bot.templating.subprocess_render import render_in_subprocess


@dataclass(frozen=True, slots=True)
class RenderedDocuments:
    """
    A draft as Markdown by language, rendered with `template`.

    `problem` says in the channel's words why that is not the requested template; `details` the same for the operator,
    with paths. Both None if nothing was wrong.
    """

    documents: Mapping[str, str]
    template: str
    problem: str | None = None
    details: str | None = None


def check_template(settings: Settings, name: str) -> str:
    """Return the name of an existing template. Raises UserError with the nearest name."""
    known = settings.template_names
    if name not in known:
        raise UserError(
            f"There is no postmortem template `{name}`.{did_you_mean(name, known)} There are: {', '.join(known)}.",
            mistake=name,
            offers=offer_closest(name, known),
        )
    return name


def render_draft(settings: Settings, draft: Draft, wanted: str) -> RenderedDocuments:
    """
    Render a draft with the template `wanted`.

    If the operator's template is broken or gone, the built-in one of that name is used, or else the default: a draft
    does not wait for a fixed template.
    """
    folders = settings.template_folders
    try:
        if folders:
            return RenderedDocuments(render_in_subprocess(draft, template=wanted, folders=folders), wanted)
        return RenderedDocuments(render_documents(draft, template=wanted), wanted)
    except BrokenTemplate as broken:
        if not folders:
            raise
        reason, details = broken.short, broken.message
    except UserError as absent:
        if wanted in settings.template_names:
            raise
        reason = details = absent.message
    built_in = wanted if wanted in postmortem_templates() else DEFAULT_TEMPLATE
    problem = f"The template `{wanted}` could not be used, so this is the built-in `{built_in}`. {reason}"
    return RenderedDocuments(render_documents(draft, template=built_in), built_in, problem, details)


def find_template_problems(settings: Settings) -> Iterator[BrokenTemplate]:
    """Problems of the operator's templates, each tried with a full and a bare record."""
    languages = settings.incidents.languages
    for folder in settings.template_folders:
        for name in templates_in(folder):
            yield from _first_problem(folder, name, (full_record(), bare_record()), languages)


def _first_problem(
    folder: Path, name: str, records: Sequence[Record], languages: Sequence[str]
) -> Iterator[BrokenTemplate]:
    """The first problem of a template: later ones mostly follow from it."""
    for record in records:
        try:
            render_in_subprocess(build_draft(record, languages=languages), template=name, folders=[folder])
        except BrokenTemplate as broken:
            yield broken
            return
