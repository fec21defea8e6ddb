"""The operator's own forms: which there are, what is wrong with them, and a draft whatever is wrong with them."""

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.cli.main import cli
from bot.config import Settings, check, load
from bot.domain.drafting.model import Draft
from bot.domain.errors import UserError
from bot.domain.postmortem import build_draft
from bot.services.postmortem.templates import RenderedDocuments, check_template, find_template_problems, render_draft
from bot.templating.render import postmortem_templates, render_postmortem, render_template
from tests.support.records.samples import payment_outage

BROKEN = "fine\n\n{{ sections.nonsense | bullets }}\n"


@pytest.fixture
def own(tmp_path):
    """Writes forms by name and returns the settings that have them."""

    def _own(**texts: str) -> Settings:
        folder = tmp_path / "ours" / "postmortem"
        folder.mkdir(parents=True)
        for name, text in texts.items():
            (folder / f"{name}.md.j2").write_text(text)
        (tmp_path / "dogwatch.toml").write_text('[postmortem]\ntemplates = "ours"\n')
        return load({}, config_path=tmp_path / "dogwatch.toml")

    return _own


def write(settings: Settings, wanted: str) -> RenderedDocuments:
    return render_draft(settings, build_draft(payment_outage()), wanted)


def test_their_names_can_be_chosen_and_the_nearest_is_named(own):
    settings = own(ours="x", classic="y")

    assert settings.template_names == ("classic", "brief", "statuspage", "sre", "ours")
    assert check_template(settings, "ours") == "ours"
    with pytest.raises(UserError, match=r"no postmortem template `our`. Did you mean `ours`\? There are: classic, "):
        check_template(settings, "our")


def test_a_sound_one_is_used_in_place_of_the_built_in_one(own):
    written = write(own(classic="# Ours: {{ reference }}"), "classic")

    assert written == RenderedDocuments({"en": "# Ours: INC-1\n"}, "classic")


@pytest.mark.parametrize(("name", "instead"), [("classic", "classic"), ("sre", "sre"), ("ours", "classic")])
def test_for_a_broken_one_the_built_in_one_is_used_and_it_is_said(own, tmp_path, name, instead):
    settings = own(**{name: BROKEN})

    written = write(settings, name)

    usual = render_draft(Settings(), build_draft(payment_outage()), instead)
    assert (written.documents, written.template) == (usual.documents, instead)
    assert written.problem == (
        f"The template `{name}` could not be used, so this is the built-in `{instead}`. "
        f"{name}.md.j2, line 3: 'bot.templating.render.Sections object' has no attribute 'nonsense'."
    )
    assert str(tmp_path) in written.details
    assert "line 3" in written.details


def test_one_that_is_gone_gives_way_too(own):
    written = write(own(), "ours")

    assert written.template == "classic"
    assert "could not be used" in written.problem
    assert "There is no postmortem template `ours`" in written.problem


def test_one_that_includes_itself_or_is_no_text_is_named(own, tmp_path):
    settings = own(classic="{% include 'postmortem/classic.md.j2' %}")
    (tmp_path / "ours/postmortem/bytes.md.j2").write_bytes(b"\xff\xfe\x00")

    problems = [each.message for each in find_template_problems(settings)]

    assert len(problems) == 2
    assert "bytes.md.j2" in problems[0]
    assert "classic.md.j2, line 1: maximum recursion depth exceeded" in problems[1]


def test_one_that_fails_only_where_nothing_is_recorded_is_found(own):
    settings = own(
        ours="{{ reference }}\n{{ sections.tasks[0].details.owner | default('?') }}\n{{ sections.alerts[0].text }}"
    )

    [problem] = find_template_problems(settings)

    assert problem.line == 3


def test_the_configuration_names_what_exists(own, tmp_path):
    own(ours="x")
    path = tmp_path / "dogwatch.toml"
    path.write_text(
        '[postmortem]\ntemplates = "ours"\n[incidents]\ntemplate = "ours"\n[services.a]\ntemplate = "our"\n'
    )

    [problem] = check(path)

    assert (problem.key, problem.line) == ("services.a.template", 6)
    assert "Did you mean `ours`?" in problem.message


def test_a_folder_that_is_not_there_is_a_mistake(tmp_path):
    path = tmp_path / "dogwatch.toml"
    path.write_text('[postmortem]\ntemplates = "absent"\n')

    [problem] = check(path)

    assert (problem.key, problem.value, problem.line) == ("postmortem.templates", '"absent"', 2)
    assert "There is no folder" in problem.message


def test_dogwatch_check_tries_each_of_them(own, tmp_path):
    own(broken=BROKEN, sound="{{ reference }}", syntax="{% for %}")

    result = CliRunner().invoke(cli, ["check", str(tmp_path / "dogwatch.toml")])

    found = [line for line in result.output.splitlines() if not line.startswith("warning: ")]
    assert result.exit_code == 1
    assert len(found) == 2
    assert found[0].startswith(f"{tmp_path / 'ours/postmortem/broken.md.j2'}:3: the template: ")
    assert found[1].startswith(f"{tmp_path / 'ours/postmortem/syntax.md.j2'}:1: the template: ")


def test_dogwatch_check_is_content_with_sound_ones(own, tmp_path):
    own(sound="{{ sections.timeline | bullets }}")

    result = CliRunner().invoke(cli, ["check", str(tmp_path / "dogwatch.toml")])

    assert (result.exit_code, "No errors" in result.output) == (0, True)


def test_an_attack_from_the_folder_is_a_broken_template(own):
    settings = own(
        classes="{{ ''.__class__.__mro__ }}",
        endless="{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        huge="{{ 'x' * 1000000000 }}",
        outside="{% include '../../../etc/passwd' %}",
    )

    assert [Path(each.file).name for each in find_template_problems(settings)] == [
        "classes.md.j2",
        "endless.md.j2",
        "huge.md.j2",
        "outside.md.j2",
    ]


class TestOperatorsTemplates:
    def folder(self, tmp_path: Path, text: str, name: str = "own") -> Path:
        (tmp_path / "postmortem").mkdir()
        (tmp_path / "postmortem" / f"{name}.md.j2").write_text(text)
        return tmp_path

    def render(self, tmp_path: Path, text: str, draft: Draft | None = None) -> str:
        folder = self.folder(tmp_path, text)
        return render_postmortem(draft or build_draft(payment_outage()), template="own", loader_paths=[folder])

    def test_their_own_comes_before_the_built_in_one(self, tmp_path):
        folder = self.folder(tmp_path, "# Ours: {{ reference }}", name="classic")

        assert render_postmortem(build_draft(payment_outage()), loader_paths=[folder]) == "# Ours: INC-1\n"
        assert render_postmortem(build_draft(payment_outage())).startswith("# Postmortem: ")

    def test_it_is_listed_beside_the_built_in_ones(self, tmp_path):
        assert postmortem_templates([self.folder(tmp_path, "")]) == ("brief", "classic", "own", "sre", "statuspage")

    def test_values_are_shown_and_not_acted_upon(self, tmp_path):
        record = payment_outage()
        draft = build_draft(
            replace(record, incident=replace(record.incident, titles={"": "*a* <b> {{ 7*7 }} | [x](y)"}))
        )

        assert self.render(tmp_path, "{{ title.text }}", draft) == "\\*a\\* &lt;b> {{ 7\\*7 }} \\| \\[x\\](y)\n"

    def test_a_loop_of_their_own(self, tmp_path):
        text = (
            "{% for block in sections.tasks %}\n{{ loop.index }}. {{ block.text }} {{ block | sources }}\n{% endfor %}"
        )

        assert self.render(tmp_path, text).splitlines()[1].startswith("2. Implement a monitoring alert")

    def test_a_template_without_a_place_for_it_ends_with_the_list(self, tmp_path):
        lines = self.render(tmp_path, "{{ sections.impact | paragraph }}").splitlines()

        assert lines[0].endswith("[[1]]")
        assert lines[1:4] == ["", "## Sources", ""]
        assert lines[4] == "- [[1]] Command — oncall, 10:05"

    def test_the_list_stands_where_the_template_puts_it(self, tmp_path):
        text = "{{ references }}\n\n{{ sections.impact | paragraph }}"

        assert self.render(tmp_path, text).splitlines()[0] == "- [[1]] Command — oncall, 10:05"

    def test_a_macro_marks_its_markdown(self, tmp_path):
        text = "{% macro strong(text) %}**{{ text }}**{% endmacro %}{{ strong(reference) | markdown }}"

        assert self.render(tmp_path, text) == "**INC-1**\n"

    @pytest.mark.parametrize(
        ("text", "line", "said"),
        [
            ("fine\n{% for %}", 2, "Expected an expression"),
            ("fine\n\n{{ sections.nonsense | bullets }}", 3, "nonsense"),
            ("{{ nonsense }}", 1, "'nonsense' is undefined"),
            ("a\n{{ 1 / 0 }}", 2, "division by zero"),
            ("{{ ''.__class__.__mro__ }}", 1, "unsafe"),
            ("{{ 'x' * 1000000000 }}", 1, "takes numbers only"),
            ("{{ 10 ** 1000 }}", 1, "too large"),
            ("a\n{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}", 2, "rows"),
            ("{% for i in range(90000) %}{% for b in sections.timeline * 9 %}{% endfor %}{% endfor %}", 1, "numbers"),
            ("{% for i in range(90000) %}{% set x = (sections.timeline + sections.timeline) %}{% endfor %}", 1, "+"),
            ("{% for i in range(90000) %}{{ sections.tasks | bullets }}{% endfor %}", None, "characters"),
            (
                "{% for i in range(90000) %}{% for b in sections.timeline %}{% for c in sections.timeline %}"  # noqa: ISC004
                "{% endfor %}{% endfor %}{% endfor %}",
                1,
                "rows",
            ),
            ("{% include 'postmortem/absent.md.j2' %}", 1, "absent"),
        ],
    )
    def test_a_mistake_names_file_and_line(self, tmp_path, text, line, said):
        with pytest.raises(UserError) as problem:
            self.render(tmp_path, text)

        assert said in problem.value.message
        assert "own.md.j2" in problem.value.message
        if line is not None:
            assert f"own.md.j2, line {line}:" in problem.value.message


@pytest.mark.parametrize("name", ["clasic", "../web/page", "", "classic.md.j2"])
def test_a_template_that_does_not_exist_is_refused(name):
    with pytest.raises(UserError, match="Use one of brief, classic, sre, statuspage"):
        render_postmortem(build_draft(payment_outage()), template=name)


def test_the_nearest_template_is_named():
    with pytest.raises(UserError, match=r"Did you mean `classic`\?"):
        render_postmortem(build_draft(payment_outage()), template="clasic")


def test_a_language_the_draft_has_not_is_refused():
    with pytest.raises(UserError, match="has no `fr` version"):
        render_postmortem(build_draft(payment_outage()), languages=["fr"])


def test_an_html_template_escapes_and_a_markdown_one_does_not_escape_twice(tmp_path):
    (tmp_path / "page.html.j2").write_text("<p>{{ text }}</p>")

    assert render_template("page.html.j2", {"text": "<b>&"}, folders=[tmp_path]) == "<p>&lt;b&gt;&amp;</p>"
    with pytest.raises(UserError, match=r"There is no template `absent\.html\.j2`"):
        render_template("absent.html.j2", {}, folders=[tmp_path])
