"""Slack's escapes, and splitting a line into words."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.command.slack_text import plain_text
from bot.command.tokenizer import remove_words, split_words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a &amp; b &lt;c&gt;", "a & b <c>"),
        ("&amp;lt;", "&lt;"),
        ("&eacute; &quot;", "&eacute; &quot;"),
        ("<@U1|ana> and <@W2>", "<@U1> and <@W2>"),
        ("<!subteam^S1|@dba>", "@dba"),
        ("<!subteam^S1>", "@S1"),
        ("<#C1|ops> <#C2>", "#ops #C2"),
        ("<!here|here> <!channel>", "@here @channel"),
        ("<!date^1700000000^{time}|14:05>", "14:05"),
        ("<mailto:dba@example.org|dba@example.org>", "dba@example.org"),
        ("<mailto:dba@example.org|the DBA>", "the DBA (dba@example.org)"),
        ("<tel:+331234|+331234>", "+331234"),
        ("<https://example.org/a?b=1&amp;c=2>", "https://example.org/a?b=1&c=2"),
        ("<https://example.org|example.org>", "https://example.org"),
        ("<https://example.org|the graph>", "the graph (https://example.org)"),
        ("“curly” and — dash", "“curly” and — dash"),
        ("no < marks > here", "no < marks > here"),
        ("<@nobody>", "<@nobody>"),
        ("", ""),
    ],
)
def test_plain(text, expected):
    assert plain_text(text) == expected


@given(st.text())
def test_what_was_escaped_is_what_people_typed(text):
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

    assert plain_text(escaped) == text


@given(st.text(alphabet="<@#!|>U1&;lt: a^"))
def test_any_mark_is_read(text):
    plain_text(text)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("a  b\nc", ["a", "b", "c"]),
        ('say "two words" now', ["say", '"two words"', "now"]),
        ('key:"two words" x', ['key:"two words"', "x"]),
        ("key:'it is down' x", ["key:'it is down'", "x"]),
        ("“two words” „drei Worte hier“ «deux mots»", ["“two words”", "„drei Worte hier“", "«deux mots»"]),
        ('a 5" disk', ["a", '5"', "disk"]),
        ('never "closed here', ["never", '"closed', "here"]),
        ("it's 'quoted here'", ["it's", "'quoted", "here'"]),
        ('"a b", c', ['"a b"', ",", "c"]),
    ],
)
def test_split(line, words):
    assert [word.text for word in split_words(line)] == words


@pytest.mark.parametrize(
    ("line", "places", "left"),
    [
        ("note at:14:05 the  db\n\nis down", [0, 1], "the  db\n\nis down"),
        ("note the db at:14:05 is down", [0, 3], "the db is down"),
        ("note the db at:14:05", [0, 3], "the db"),
        ("note first line\nat:14:05 second", [0, 3], "first line\nsecond"),
        ("note first line at:14:05\nsecond", [0, 3], "first line\nsecond"),
        ('task symptom:"a b", then this', [0, 1], "then this"),
        ("note", [0], ""),
    ],
)
def test_what_is_left_keeps_its_blanks(line, places, left):
    words = split_words(line)

    assert remove_words(line, [words[place] for place in places]) == left


@pytest.mark.parametrize("line", ['"a ' * 60_000, "« " * 60_000, "k:'a " * 60_000])
def test_quotes_that_nothing_closes_cost_one_search(line):
    """A search from each quote would take half a minute."""
    began = time.process_time()

    assert len(split_words(line)) == 60_000
    assert time.process_time() - began < 8


@given(st.text(alphabet=" \n\"“”«»'ab:,", max_size=40))
def test_words_stand_where_they_say(line):
    words = split_words(line)

    assert all(line[word.start : word.end] == word.text for word in words)
    assert "".join(word.text for word in words).split() == "".join(line.split()).split() or any(w.quoted for w in words)
    assert remove_words(line, []) == line.strip()
