"""The forms of a postmortem: which there are, and a draft in one of them whatever is wrong with it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.config import Settings
from bot.domain.errors import UserError, did_you_mean
from bot.domain.postmortem.assemble import Draft, assemble
from bot.domain.postmortem.sample_records import bare_record, full_record
from bot.domain.record.model import Record
from bot.templating.render import DEFAULT_TEMPLATE, BrokenTemplate, postmortem_templates, render_documents, templates_in
from bot.templating.subprocess_render import render_apart


@dataclass(frozen=True, slots=True)
class Written:
    """
    A draft as Markdown, by language, in the form `template`.

    `problem` says why that is not the form that was asked for, for people in the channel; `details` the same for the
    operator, with the folders. Both are None where nothing was wrong.
    """

    documents: Mapping[str, str]
    template: str
    problem: str | None = None
    details: str | None = None


def existing(settings: Settings, name: str) -> str:
    """The name of a form that there is. Raises UserError, with the nearest, for another."""
    known = settings.template_names
    if name not in known:
        raise UserError(
            f"There is no postmortem template `{name}`.{did_you_mean(name, known)} There are: {', '.join(known)}."
        )
    return name


def write(settings: Settings, draft: Draft, wanted: str) -> Written:
    """
    The draft in the form `wanted`.

    If the operator's template of that name is broken or gone, the built-in one of the same name is used, or else the
    default: an incident's draft does not wait for somebody to mend a template.
    """
    folders = settings.template_folders
    try:
        if folders:
            return Written(render_apart(draft, template=wanted, folders=folders), wanted)
        return Written(render_documents(draft, template=wanted), wanted)
    except BrokenTemplate as broken:
        if not folders:
            raise
        said, details = broken.short, broken.message
    except UserError as absent:
        if wanted in settings.template_names:
            raise
        said = details = absent.message
    built_in = wanted if wanted in postmortem_templates() else DEFAULT_TEMPLATE
    problem = f"The template `{wanted}` could not be used, so this is the built-in `{built_in}`. {said}"
    return Written(render_documents(draft, template=built_in), built_in, problem, details)


def problems_of(settings: Settings) -> Iterator[BrokenTemplate]:
    """What is wrong with the operator's templates: each is tried with a record of everything, and with a bare one."""
    languages = settings.incidents.languages
    for folder in settings.template_folders:
        for name in templates_in(folder):
            yield from _first_problem(folder, name, (full_record(), bare_record()), languages)


def _first_problem(
    folder: Path, name: str, records: Sequence[Record], languages: Sequence[str]
) -> Iterator[BrokenTemplate]:
    """One for each template: the next ones mostly follow from the first."""
    for record in records:
        try:
            render_apart(assemble(record, languages=languages), template=name, folders=[folder])
        except BrokenTemplate as broken:
            yield broken
            return
