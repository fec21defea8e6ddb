"""Everyday acts stay within their budgets of statements, transactions, rows and Slack calls."""

import pytest

from bench.quick.acts import BUDGETS, over_budget, play
from bench.quick.recorder import Counts
from tests.support.worlds.databases import BOTH_DATABASES
from tests.support.worlds.world import World


@pytest.mark.world(databases=BOTH_DATABASES)
async def test_every_act_stays_within_its_budget(world: World):
    found = await play(world)
    dialect = world.bot.database.dialect

    assert found.keys() == BUDGETS[dialect].keys()
    assert not over_budget(found, dialect)
    assert found["message"].counts.transactions == 1
    assert all(each.counts.statements > 5 for each in found.values()), "statements went by uncounted"


def test_a_count_above_its_budget_is_named():
    limits = Counts(statements=9, transactions=1, rows=2, calls=0)

    assert limits.above(limits) == []
    assert Counts(10, 1, 1, 2).above(limits) == ["10 statements, at most 9", "2 calls, at most 0"]
