"""Texts of vendors become plain text that cannot ping, run or break a message."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.feeds.text import clean_text, clean_title, convert_html


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One.</p><p>Two<br>lines &amp; more</p>", "One.\n\nTwo\nlines & more"),
        ("<ul><li>One</li><li>Two</li></ul>", "- One\n- Two"),
        (
            'See <a href="https://example.test/a?b=1&amp;c=2">the page</a>.',
            "See the page (https://example.test/a?b=1&c=2).",
        ),
        ('<a href="https://example.test">https://example.test</a>', "https://example.test"),
        ('<a href="javascript:alert(1)">here</a>', "here"),
        ("<script>alert('x')</script>Text<style>p{}</style>", "Text"),
        ("Text<script>never closed <p>and on", "Text"),
        ("<!-- <b>hidden</b> -->Text<!-- open", "Text"),
        ("a &lt; b and 3 < 5 > 2", "a < b and 3 < 5 > 2"),
        ("&lt;!channel&gt; &lt;@U123&gt; &lt;#C1|x&gt;", "‹!channel› ‹@U123› ‹#C1|x›"),
        ("<!channel> now", "now"),
        ("<b>bold</b>  and\n <i>more</i>", "bold and more"),
        ("a\u0000b\u0007c\ud800d", "abcd"),
    ],
)
def test_html(html: str, text: str):
    assert convert_html(html) == text


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("# Heading\n\n* a\n* b \\(c\\)", "# Heading\n\n* a\n* b \\(c\\)"),
        ("latency < 5 ms, a <b", "latency < 5 ms, a <b"),
        ("One<br />Two <strong>three</strong>", "One\nTwo three"),
        ("<!channel> <@U1> <!subteam^S1>", "‹!channel› ‹@U1› ‹!subteam^S1›"),
        ("x<script>alert(1)</script>y", "xy"),
        ("a\r\nb\n\n\n\nc  ", "a\nb\n\nc"),
    ],
)
def test_markdown(markdown: str, text: str):
    assert clean_text(markdown) == text


def test_a_title_is_one_short_line():
    assert clean_title("  Two\n lines ") == "Two lines"
    assert len(clean_title("long " * 200)) <= 300


@given(st.text(alphabet=st.sampled_from("<>!@#&;/ab \n-")))
def test_no_text_has_a_token_of_slack(text: str):
    for cleaned in (convert_html(text), clean_text(text)):
        assert not any(token in cleaned for token in ("<!", "<@", "<#"))
