"""The legend of the reactions follows the configured table."""

from bot.command.mark_help import MARK_MEANINGS, mark_help, short_mark_help
from bot.domain.terms import MARKS, Kind
from bot.domain.timeline.emoji import DEFAULT_REACTIONS

ACKNOWLEDGE = ["white_check_mark"]


def test_every_kind_that_a_person_gives_is_explained() -> None:
    assert set(MARK_MEANINGS) == set(MARKS)


def test_every_reaction_of_the_table_stands_in_the_legend() -> None:
    legend = mark_help(DEFAULT_REACTIONS, ACKNOWLEDGE)

    for emoji, kind in DEFAULT_REACTIONS.items():
        [line] = [line for line in legend.splitlines() if f"*{kind}*" in line]
        assert line.startswith(f":{emoji}:")


def test_a_team_s_own_table_replaces_the_default() -> None:
    own = {"fire": Kind.IMPACT_BEGAN, "flame": Kind.IMPACT_BEGAN, "mag": Kind.CAUSE}
    legend = mark_help(own, ACKNOWLEDGE)

    assert ":fire: :flame: *impact began*" in legend
    assert "investigation" not in legend
    assert short_mark_help(own) == ":mag: cause"


def test_the_short_legend_is_one_line_of_what_is_used_most() -> None:
    assert short_mark_help(DEFAULT_REACTIONS) == (
        ":rotating_light: detection · :mag: investigation · :hammer_and_wrench: action · :dart: cause · "
        ":white_check_mark: fixed · :pushpin: note"
    )
    assert short_mark_help({"bulb": Kind.IMPROVEMENT}) == ":bulb: improvement"
    assert short_mark_help({}) == ""


def test_the_legend_says_what_acknowledges_and_that_eyes_do_not() -> None:
    assert ":white_check_mark: acknowledges" in mark_help(DEFAULT_REACTIONS, ACKNOWLEDGE)
    assert ":eyes: means “I am looking”. It logs nothing." in mark_help(DEFAULT_REACTIONS, ACKNOWLEDGE)
    assert "does not acknowledge" in mark_help(DEFAULT_REACTIONS, ACKNOWLEDGE)
    assert "acknowledges it" not in mark_help(DEFAULT_REACTIONS, [])


def test_eyes_that_a_team_gave_a_meaning_have_only_that() -> None:
    assert "I am looking" not in mark_help({"eyes": Kind.INVESTIGATION}, ACKNOWLEDGE)
    assert "I am looking" not in mark_help(DEFAULT_REACTIONS, ["eyes"])
