"""Formatting of Slack messages: the same in Markdown, HTML and Slack, and nothing else in a text acts."""

import re
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.domain.text.mrkdwn.html import render_html
from bot.domain.text.mrkdwn.markdown import join_markdown, render_markdown, render_markdown_line
from bot.domain.text.mrkdwn.parser import Code, Fence, Line, Span, Style, Styled, Text, parse_blocks, parse_spans
from bot.domain.text.mrkdwn.plain import render_plain_line
from bot.domain.text.mrkdwn.slack import ELLIPSIS, WORD_JOINER, escape_all_but_code, render_slack, render_slack_line

READER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])

PIECES = (
    *(
        "`",
        "``",
        "```",
        "*",
        "_",
        "~",
        ">",
        "> ",
        "\n",
        " ",
        "\t",
        "a",
        "word",
        "1. ",
        "- ",
        "#",
        "|",
        "\\",
        "&lt;",
        "<b>",
    ),
    *(
        "(",
        ")",
        ".",
        ":",
        "é",
        "支付",
        "[x](http://e)",
        "<!channel>",
        "\u202e",
        "\x00",
        "\u2028",
        "*bold*",
        "`code`",
        "{{7}}",
    ),
    "```\n code\n\n\n<x>\n```",
)
texts = st.lists(st.sampled_from(PIECES), max_size=14).map("".join) | st.text(max_size=40)


@pytest.mark.parametrize(
    ("line", "spans"),
    [
        ("plain", [Text("plain")]),
        ("run `df -h` now", [Text("run "), Code("df -h"), Text(" now")]),
        ("*up* again", [Styled(Style.BOLD, (Text("up"),)), Text(" again")]),
        ("(_maybe_)", [Text("("), Styled(Style.ITALIC, (Text("maybe"),)), Text(")")]),
        ("~no~.", [Styled(Style.STRIKE, (Text("no"),)), Text(".")]),
        ("*a _b_*", [Styled(Style.BOLD, (Text("a "), Styled(Style.ITALIC, (Text("b"),))))]),
        ("*run `x*y` now*", [Styled(Style.BOLD, (Text("run "), Code("x*y"), Text(" now")))]),
        ("_a snake_case name_", [Styled(Style.ITALIC, (Text("a snake_case name"),))]),
        ("`a *b* c`", [Code("a *b* c")]),
    ],
)
def test_formatting_is_found(line: str, spans: list[Span]) -> None:
    assert parse_spans(line) == spans


@pytest.mark.parametrize(
    "line",
    [
        "2 * 3 * 4",
        "snake_case and __init__",
        "/var/_cache_/x",
        "**not Slack's**",
        "~~nor this~~",
        "*open",
        "* a *",
        "rm *.log *.gz",
        "logs.*.gz*",
        "one ` two",
        "` `",
        "``two``",
        "*it`s*",
    ],
)
def test_marks_that_format_nothing_are_text(line: str) -> None:
    assert parse_spans(line) == [Text(line)]
    assert render_plain_line(line) == line


@pytest.mark.parametrize(
    ("text", "blocks"),
    [
        ("```\ncode\n```", [Fence(("code",))]),
        ("log: ```  a\n\n b ``` done", [Line("log:"), Fence(("  a", "", " b")), Line("done")]),
        ("```one``````two```", [Fence(("one",)), Fence(("two",))]),
        ("```\nopen", [Line("```"), Line("open")]),
        ("``` ```", [Line("``` ```")]),
        ("```*a*\r\n<b>```", [Fence(("*a*", "<b>"))]),
        ("> said\n>= 5\n>>> 1 + 1\n>", [Line("said", is_quote=True), Line(">= 5"), Line(">>> 1 + 1"), Line(">")]),
        ("\n a\n\nb\u2028c\x00 \n", [Line(" a"), Line(""), Line("b"), Line("c")]),
        ("", []),
    ],
)
def test_fences_and_quotes_are_found(text: str, blocks: list[Line | Fence]) -> None:
    assert parse_blocks(text) == blocks


TEXT = "Log *says* `a|b`:\n> too late\nand\n```\nERROR <b> `x`\n\n\n  deep\n```\nthen _nothing_"


def test_a_text_in_a_list_item_of_markdown() -> None:
    assert f"- **8:52** {render_markdown(TEXT)}" == (
        "- **8:52** Log **says** `a|b`:\n"
        "  > too late\n"
        "  >\n"
        "  and\n"
        "  ```\n"
        "  ERROR <b> `x`\n"
        "\n"
        "\n"
        "    deep\n"
        "  ```\n"
        "  then _nothing_"
    )


def test_a_text_on_one_line_of_markdown() -> None:
    assert render_markdown_line(TEXT) == "Log **says** `a|b`: too late and `` ERROR <b> `x` `` `deep` then _nothing_"
    assert render_markdown_line("`a|b`", in_table=True) == r"`a\|b`"


def test_a_text_as_html() -> None:
    assert render_html(TEXT) == (
        "Log <strong>says</strong> <code>a|b</code>:<blockquote>too late</blockquote>and"
        "<pre><code>ERROR &lt;b&gt; `x`\n\n\n  deep</code></pre>then <em>nothing</em>"
    )


def test_a_text_as_a_quote_in_slack() -> None:
    assert render_slack(TEXT, 3_000, prefix=">") == (
        ">Log *says* `a|b`:\n>&gt; too late\n>and\n```\nERROR &lt;b&gt; `x`\n\n\n  deep\n```\n>then _nothing_"
    )


def test_a_text_on_one_line_of_slack() -> None:
    line = render_slack_line(TEXT, 300, 3_000)

    assert line == "Log *says* `a|b`: too late and ERROR &lt;b&gt; `x` `deep` then _nothing_"


def test_a_text_as_plain_text() -> None:
    assert render_plain_line(TEXT) == "Log says a|b: too late and ERROR <b> `x` deep then nothing"


@given(st.text(st.sampled_from("ab 1._*~'(—,é-`"), min_size=1, max_size=14))
def test_a_line_alone_is_rendered_as_among_others(text: str) -> None:
    line = text.strip()

    assert render_markdown(f"{line}\nx") == (f"{render_markdown(line)}  \n  x" if line else "x")


def test_a_fence_is_longer_than_the_backticks_in_it() -> None:
    assert render_markdown("````a` b```") == "\n  ```\n  `a` b\n  ```"
    assert join_markdown(["x", render_markdown("```a```"), "— dba"]) == "x\n  ```\n  a\n  ```\n  — dba"


def test_code_among_words_that_nothing_else_formats() -> None:
    assert escape_all_but_code("*a* `b_c_` <!here>") == f"*{WORD_JOINER}a*{WORD_JOINER} `b_c_` &lt;!here&gt;"


def read_spans(spans: Sequence[Span]) -> Iterator[tuple[str, str]]:
    """Tags and texts, as a reader of the rendered text meets them."""
    for span in spans:
        match span:
            case Text(text):
                yield "text", text
            case Code(text):
                yield "code", text
            case _:
                yield "open", span.style
                yield from read_spans(span.spans)
                yield "close", span.style


def joined(parts: Iterator[tuple[str, str]]) -> list[tuple[str, str]]:
    """Neighbouring texts as one, with every run of blanks as one."""
    found: list[tuple[str, str]] = []
    for kind, text in parts:
        if kind == "text" == (found[-1][0] if found else ""):
            found[-1] = (kind, found[-1][1] + text)
        else:
            found.append((kind, text))
    parted = [(kind, " ".join(text.split()) if kind in {"text", "code"} else text) for kind, text in found]
    return [each for each in parted if each[1]]


STYLES = {"strong": Style.BOLD, "em": Style.ITALIC, "s": Style.STRIKE}


def read_inline(children: Sequence[Token]) -> Iterator[tuple[str, str]]:
    for token in children:
        name, _, end = token.type.partition("_")
        if name in STYLES and end in {"open", "close"}:
            yield end, STYLES[name]
        elif token.type in {"text", "text_special", "softbreak", "hardbreak"}:
            yield "text", token.content or " "
        else:
            assert token.type == "code_inline", token
            yield "code", token.content


@example("\u202e*_*")
@given(texts)
def test_a_reader_of_the_markdown_sees_the_formatting_that_slack_shows(text: str) -> None:
    markdown = f"- {join_markdown(['start', render_markdown(text), 'end'])}\n- next\n"
    expected: list[str | list[tuple[str, str]]] = []
    lines: list[tuple[str, str]] = []
    for block in [Line("start"), *parse_blocks(text), Line("end")]:
        if isinstance(block, Fence):
            expected += [joined(iter(lines)), "\n".join(line.expandtabs(4) for line in block.lines) + "\n"]
            lines = []
        else:
            lines += [("text", " "), *read_spans(parse_spans(block.text.strip()))]
    expected += [joined(iter(lines)), [("text", "next")]]

    found: list[str | list[tuple[str, str]]] = []
    lines = []
    quotes = 0
    for token in READER.parse(markdown):
        if token.type in {"fence", "list_item_close"}:
            found += [joined(iter(lines)), *([token.content] if token.type == "fence" else [])]
            lines = []
        elif token.type == "inline":
            lines += [("text", " "), *read_inline(token.children or [])]
        else:
            assert re.fullmatch(r"(bullet_list|list_item|paragraph|blockquote)_(open|close)", token.type), token
            quotes += token.nesting * (token.type.startswith("blockquote"))
            assert token.hidden or quotes or not token.type.startswith("paragraph"), "the list stays tight"

    assert [each for each in found if each] == [each for each in expected if each]


@given(texts)
def test_a_reader_of_a_table_sees_the_formatting(text: str) -> None:
    html = READER.render(f"| a | b |\n| --- | --- |\n| {render_markdown_line(text, in_table=True)} | end |\n")

    assert html.count("<td>") == 2
    assert "<td>end</td>" in html
    assert set(re.findall(r"<(?!/)([\w!]+)", html.partition("<tbody>")[2])) <= {"tr", "td", "code", *STYLES}


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert attrs == []
        self.open.append(tag)
        self.seen.add(tag)
        self.text += " " * (tag in {"pre", "blockquote"})

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        self.text += " " * (tag in {"pre", "blockquote"})

    def handle_data(self, data: str) -> None:
        self.text += data


@given(texts)
def test_html_has_no_tags_but_ours_and_all_words(text: str) -> None:
    tags = Tags()
    tags.feed(render_html(text))
    tags.close()

    assert tags.open == []
    assert tags.seen <= {"code", "pre", "blockquote", *STYLES}
    assert tags.text.split() == render_plain_line(text).split()


def unescaped(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def typed_again(text: str) -> Iterator[str]:
    """A text with each fence and each quote as Slack writes them."""
    for block in parse_blocks(text.replace(WORD_JOINER, "")):
        if isinstance(block, Fence):
            yield "\n".join(["```", *block.lines, "```", ""])
        else:
            yield f"{'> ' * block.is_quote}{block.text}\n"


@given(texts, st.integers(40, 400))
def test_slack_shows_the_same_and_a_cut_closes_what_it_cuts(text: str, limit: int) -> None:
    whole = render_slack(text, 100_000)
    short = render_slack(text * 3, limit, prefix=">", max_lines=5)
    line = render_slack_line(text * 3, limit // 2, limit)

    for block in parse_blocks(text):
        code = [block] if isinstance(block, Fence) else [each for each in parse_spans(block.text) if type(each) is Code]
        for each in code:
            shown = "\n".join(["```", *each.lines, "```"]) if isinstance(each, Fence) else f"`{each.text}`"
            assert shown in unescaped(whole), "code is shown as it is"
    assert unescaped(whole).replace(WORD_JOINER, "").split() == "".join(typed_again(text)).split()
    for rendered in (whole, short, line):
        assert "<" not in rendered
        assert len(re.findall("```(?!`)", rendered.replace("`" + WORD_JOINER, ""))) % 2 == 0
    for rendered in (short, line):
        assert len(rendered) <= limit


@pytest.mark.parametrize("limit", range(12, 90, 3))
def test_a_fence_that_is_cut_is_closed(limit: int) -> None:
    cut = render_slack(TEXT, limit, prefix=">")

    assert len(cut) <= limit
    assert cut.count("```") in {0, 2}
    assert ELLIPSIS in cut
    assert cut.count(ELLIPSIS) == 1


def test_code_of_many_lines_ends_in_an_ellipsis() -> None:
    assert render_slack("```1\n2\n3\n4```\nend", 100, max_lines=3) == "```\n1\n2\n3\n…\n```"
    assert render_slack("1\n2\n3", 100, prefix=">", max_lines=2) == ">1\n>2\n>…"
