"""`docs/reference/templates.md` and the code say the same of what a template has."""

import re
from pathlib import Path

import pytest

from bot.config.sections import TEMPLATES
from bot.domain.drafting.markdown import FILTERS
from bot.domain.drafting.model import Block
from bot.domain.drafting.source_links import References, SourceNumbers
from bot.domain.postmortem import build_draft
from bot.domain.record.samples import bare_record, full_record
from bot.templating.environment import templates_folder
from bot.templating.render import postmortem_templates, render_postmortem, template_variables
from tests.support.records.samples import payment_outage

DOCS = (Path(__file__).parents[3] / "docs/reference/templates.md").read_text()


def table(heading: str) -> list[list[str]]:
    """The cells of the table under a heading, a `\\|` in them being a bar."""
    part = DOCS.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = [re.split(r"(?<!\\)\|", line)[1:-1] for line in part.splitlines() if line.startswith("| `")]
    return [[cell.strip().replace("\\|", "|") for cell in row] for row in rows]


def names(heading: str) -> list[str]:
    return [row[0].strip("`") for row in table(heading)]


def tried(folder: Path, text: str) -> str:
    (folder / "postmortem").mkdir(exist_ok=True)
    (folder / "postmortem/tried.md.j2").write_text(text)
    return render_postmortem(build_draft(full_record()), template="tried", loader_paths=[folder])


def test_every_section_is_documented():
    sections = build_draft(payment_outage()).documents[0].sections

    assert sorted(names("Sections")) == sorted(sections)


def test_every_filter_is_documented():
    assert sorted(names("Filters")) == sorted(FILTERS)


def test_every_variable_is_documented():
    draft = build_draft(full_record())
    document = draft.documents[0]
    variables = template_variables(document, (), draft, References(SourceNumbers(), document.sources))

    assert sorted(names("Variables")) == sorted(variables)


@pytest.mark.parametrize("heading", ["Variables", "Sections", "Filters"])
def test_every_example_works(tmp_path, heading):
    column = 2 if heading == "Filters" else 1
    for row in table(heading):
        example = row[column].split("` gives `")[0].strip("`")
        opened = re.match(r"\{% (if|for) ", example)
        block = "{% for block in sections.tasks %}" if "block |" in example else ""
        macro = "{% macro my_macro() %}**x**{% endmacro %}" if "my_macro" in example else ""
        end = f"{{% end{opened[1]} %}}" if opened else ""

        assert tried(tmp_path, f"{macro}{block}{example}{end}{'{% endfor %}' if block else ''}") is not None


def test_the_whole_template_in_the_documentation_works(tmp_path):
    text = DOCS.split("```jinja\n")[1].split("```")[0]

    written = tried(tmp_path, text)

    assert "| someone |" in written
    assert "| nobody |" in written


def test_the_parts_of_a_block_are_documented():
    part = DOCS.split("The parts of a block")[1].split("\n\n")[0]

    internal = {"section", "language"}
    assert set(Block._fields) - internal <= set(re.findall(r"`(\w+)`", part))
    used = {
        key
        for record in (full_record(), bare_record())
        for block in build_draft(record).blocks()
        for key in block.details
    }
    assert used <= set(re.findall(r"`(\w+)`", part))


def test_the_built_in_templates_are_those_of_the_configuration_and_the_documentation():
    assert sorted(TEMPLATES) == list(postmortem_templates())
    assert [name for name in TEMPLATES if f"| `{name}` |" not in DOCS] == []


@pytest.mark.parametrize("record", [full_record(), bare_record()])
def test_every_section_is_used_by_a_template_or_made_for_those_of_operators(record):
    used = {
        name
        for path in templates_folder().rglob("*.md.j2")
        for name in re.findall(r"\bsections\.(\w+)", path.read_text())
    }

    assert set(build_draft(record).documents[0].sections) - used == {"window", "roles", "duration", "actions_taken"}
