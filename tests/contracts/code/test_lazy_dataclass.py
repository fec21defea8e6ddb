"""The delayed `dataclass` behaves as the standard library's does, and compiles nothing before it has to."""

import copy
import dataclasses
import pickle
import subprocess
import sys
from dataclasses import FrozenInstanceError, field, replace
from pathlib import Path

import pytest

from bot import lazy_dataclass
from bot.lazy_dataclass import dataclass

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True, slots=True)
class Page:
    person: str
    level: int = 1
    notes: list[str] = field(default_factory=list)
    tries: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Answer(Page):
    _: dataclasses.KW_ONLY
    by: str = "slack"

    def __post_init__(self) -> None:
        if self.level < 1:
            raise ValueError("no such level")


@dataclass(frozen=True, slots=True)
class Stop:
    pass


@dataclass(frozen=True, slots=True)
class Named:  # noqa: PLW1641  the decorator adds it
    name: str

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Named) and self.name.lower() == other.name.lower()

    def __repr__(self) -> str:
        return f"<{self.name}>"


def test_a_class_has_its_methods_from_its_first_value_on():
    @dataclass(frozen=True, slots=True)
    class Shift:
        person: str

    before = Shift in lazy_dataclass.waiting

    shift = Shift("ana")

    assert (before, Shift in lazy_dataclass.waiting) == (True, False)
    assert (shift, repr(shift)) == (
        Shift("ana"),
        f"{test_a_class_has_its_methods_from_its_first_value_on.__name__}.<locals>.Shift(person='ana')",
    )


def test_values_are_compared_and_shown_by_their_fields():
    page = Page("ana", 2, ["away"], tries=3)

    assert page == Page("ana", level=2, notes=["away"])
    assert page != Page("bo", 2, ["away"])
    assert repr(page) == "Page(person='ana', level=2, notes=['away'])"
    assert replace(page, person="bo") == Page("bo", 2, ["away"])
    assert dataclasses.asdict(page) == {"person": "ana", "level": 2, "notes": ["away"], "tries": 3}
    assert {Answer: Answer("ana", by="sms")}[Answer].by == "sms"


def test_a_value_cannot_change():
    page = Page("ana")

    with pytest.raises(FrozenInstanceError, match="person"):
        page.person = "bo"
    with pytest.raises(FrozenInstanceError, match="person"):
        del page.person
    with pytest.raises(AttributeError):
        object.__setattr__(page, "unknown", 1)


def test_arguments_are_checked():
    with pytest.raises(TypeError, match=r"Page\.__init__\(\) missing 1 required positional argument: 'person'"):
        Page()
    with pytest.raises(TypeError, match="positional argument"):
        Answer("ana", 1, [], 0, "sms")
    with pytest.raises(ValueError, match="no such level"):
        Answer("ana", 0)


def test_own_methods_stay():
    assert Named("Ana") == Named("ana")
    assert repr(Named("Ana")) == "<Ana>"
    assert hash(Named("Ana")) == hash(("Ana",))


def test_values_match_and_hash_as_tuples_do():
    match Named("ana"):
        case Named(name):
            found = name

    assert found == "ana"
    assert hash(Stop()) == hash(Stop())
    assert Stop() == Stop()


@pytest.mark.parametrize("value", [Page("ana", 2, ["away"], tries=3), Answer("ana", by="sms"), Stop(), Named("Ana")])
def test_values_are_copied_and_pickled(value: object):
    assert [copy.copy(value), copy.deepcopy(value), pickle.loads(pickle.dumps(value))] == [value] * 3


def test_a_value_from_another_process_is_equal_to_one_of_this():
    """No `__init__` runs where it is unpickled: the methods are written for the state."""
    program = (
        "import pickle, sys; from bot.domain.terms import Owner\n"
        "first, second = (pickle.loads(sys.stdin.buffer.read(int(size))) for size in sys.argv[1:])\n"
        "print(first == second, hash(first) == hash(second), first)"
    )
    from bot.domain.terms import Owner

    sent = pickle.dumps(Owner("U1"))

    done = subprocess.run(
        [sys.executable, "-c", program, str(len(sent)), str(len(sent))],
        input=sent * 2,
        capture_output=True,
        check=True,
        cwd=ROOT,
    )

    assert done.stdout.decode().strip() == f"True True {Owner('U1')}"


def test_other_forms_are_the_standard_librarys():
    @dataclass
    class Counter:
        count: int = 0

    @dataclass(frozen=True)
    class Base:
        name: str

    @dataclass(frozen=True, slots=True)
    class Derived(Base):
        level: int = 1

    counter = Counter()
    counter.count += 1

    assert counter == Counter(1)
    assert Derived("ana") == Derived("ana", 1)
    assert not {Counter, Base, Derived} & lazy_dataclass.waiting
