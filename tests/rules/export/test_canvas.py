"""A draft in the dialect of Slack's canvases: the same words, within its rules."""

import pytest

from bot.export.canvas_markdown import MAX_BYTES, MAX_TABLE_CELLS, canvas_markdown
from bot.sandbox.workspace import canvases

LINK = "https://dogwatch.example/incidents/INC-7"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("# One\n\n## Two\n\n### Three", "# One\n\n## Two\n\n### Three"),
        ("#### Four\n##### Five\n###### Six", "### Four\n### Five\n### Six"),
        ("#### ", "### "),
        ("#hashtag", "#hashtag"),
        ("> said\n> - one\n> 2. two\n> and more", "> said\n- one\n2. two\n> and more"),
        ("> > - deep", "- deep"),
        ("> -not a list", "> -not a list"),
        ("```\n#### code\n> - code\n```\n#### words", "```\n#### code\n> - code\n```\n### words"),
        ("~~~\n```\n#### code\n~~~", "~~~\n```\n#### code\n~~~"),
        (
            "- log:\n  ```\n  #### a\n\n    > - b\n  ```\n  end\n- next",
            "- log:\n```\n#### a\n\n  > - b\n```\n  end\n- next",
        ),
        ("- they:\n  > late\n  >\n  end", "- they:\n> late\n>\n  end"),
        ("```` `a```b` ````\n#### words", "```` `a```b` ````\n### words"),
        (
            "- said [[1]] [[2]] [3] `[[1]]`\n\n[1]: https://a.example/1\n[2]: https://a.example/2",
            "- said [[1](https://a.example/1)] [[2](https://a.example/2)] [3] `[[1]]`\n",
        ),
    ],
)
def test_what_canvases_have_no_form_for_takes_the_nearest(given: str, expected: str) -> None:
    assert canvas_markdown(given, LINK) == expected


def cells(markdown: str) -> list[int]:
    """Of each table."""
    found = [0]
    for line in markdown.splitlines():
        if line.startswith("|"):
            found[-1] += 0 if "---" in line else line.count("|") - 1
        elif found[-1]:
            found.append(0)
    return [each for each in found if each]


@pytest.mark.parametrize("rows", [1, 99, 100, 101, 1_000])
def test_a_long_table_becomes_several_with_the_same_head(rows: int) -> None:
    table = ["| time | who | what |", "| --- | --- | --- |", *(f"| {row} | dba | looked |" for row in range(rows))]

    written = canvas_markdown("\n".join(["words", "", *table, "", "more"]), LINK)

    assert max(cells(written)) <= MAX_TABLE_CELLS
    assert [line for line in written.splitlines() if "looked" in line] == table[2:]
    assert written.count(table[0]) == len(cells(written))
    assert canvases._validate_markdown(written, "refused") == written


@pytest.mark.parametrize(("more", "is_cut"), [(0, False), (1, True)])
def test_what_fits_is_not_cut(more: int, is_cut: bool) -> None:
    written = "a" * (MAX_BYTES - 2) + "\n" + "b" * (1 + more)

    assert (canvas_markdown(written, LINK) == written) is not is_cut


def test_code_that_is_too_long_is_closed() -> None:
    written = canvas_markdown("- log:\n  ````\n" + "  ``` a line of a log\n" * 60_000 + "  ````\n", LINK)

    assert written.endswith(f"\n``` a line of a log\n````\n\n[…]({LINK})\n")


@pytest.mark.parametrize("anchor", ["", " \x02block 63617573652f63617573652f656e\x03"])
def test_what_is_too_long_is_cut_with_a_link_to_the_whole(anchor: str) -> None:
    line = "- something happened, naïvely 🐕"
    written = canvas_markdown("\n".join([line + anchor] * 40_000), LINK)

    assert len(written.encode()) > MAX_BYTES - len(line.encode())
    assert len(written.encode()) < MAX_BYTES + 200
    assert written.endswith(f"{line}\n\n[…]({LINK})\n")
