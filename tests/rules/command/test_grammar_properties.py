"""Properties of the grammar: any line is a command or a clear refusal."""

import re

from hypothesis import given
from hypothesis import strategies as st

from bot.command.grammar import parse
from bot.domain.errors import UserError
from bot.domain.terms import Severity
from tests.rules.command.test_grammar import OUTSIDE, read
from tests.support.requests.command_table import COMMANDS, INSIDE


def outcome(line, context):
    try:
        return parse(line, COMMANDS, context)
    except UserError as problem:
        return problem


WORDS = st.sampled_from(
    [
        *(command.name for command in COMMANDS),
        "at:",
        "at:9:50",
        "at:10",
        "min",
        "ago",
        "sev:2",
        "--sev",
        "—sev",
        "sev:",
        "kind:fish",
        "users:20%",
        "due:friday",
        "due:",
        "private",
        "--private",
        "tz:Europe/Paris",
        "<@U1|ana>",
        "INC-3",
        "<!subteam^S1|@dba>",
        "vendor:x",
        '"two',
        'words"',
        'title:"a',
        "“x”",
        "2",
        "?",
        "&lt;",
        "\n",
        ",",
        "yesterday",
    ]
)


@given(st.text() | st.lists(WORDS).map(" ".join), st.sampled_from([INSIDE, OUTSIDE]))
def test_any_text_is_a_command_or_a_clear_refusal(line, context):
    found = outcome(line, context)

    assert found.message if isinstance(found, UserError) else found.command in COMMANDS


@given(st.text(min_size=1))
def test_a_text_without_keys_is_kept_as_it_was_typed(text):
    """Only outer blanks are stripped, and quotes around the whole text."""
    text = "x" + text + "x"
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

    assert read(f"improve {escaped}").text == text


@given(
    st.lists(
        st.from_regex(r"[a-z]{1,8}(:[a-z]{1,5})?|[0-9]{1,3}|https://[a-z]{3}/[a-z]{1,3}", fullmatch=True), min_size=2
    ),
    st.data(),
)
def test_an_option_is_read_wherever_it_stands_and_the_rest_stays(words, data):
    keys = re.compile(r"(sev|severity|service|ref|tz|at|private|drill|retro):")
    words = [word for word in words if not keys.match(word) and word not in {"private", "drill", "retro"}]
    place = data.draw(st.integers(0, len(words)))

    found = read(" ".join(["start", *words[:place], "sev:2", *words[place:]]))

    assert found.options == {"sev": Severity.SEV2}
    assert found.text == " ".join(words)
