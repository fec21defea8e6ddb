"""
`dataclass`, whose methods are written when the first value of a class is created.

The standard library compiles six methods for each frozen class while its module is imported. There are some hundred
classes, and most of them wait for a rare event: it was a third of the start. Only `@dataclass(frozen=True, slots=True)`
is delayed; every other form is the standard library's.
"""

import dataclasses
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn, cast

__all__ = ["dataclass"]

DELAYED = {"frozen": True, "slots": True}
"""The options of classes whose methods are written later."""
OWN = ("__init__", "__setattr__", "__delattr__", "__getstate__", "__setstate__")
"""A class that defines one of these is left to the standard library, as is one below a class that it froze."""
WRITTEN = ("__init__", "__repr__", "__eq__", "__hash__")
waiting: set[type] = set()
"""Classes without a value yet."""

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(cls: type | None = None, /, **options: bool) -> type | Callable[[type], type]:
        """Decorate a class as the standard library's `dataclass` does."""
        if cls is None and options == DELAYED:
            return _create_class
        return dataclasses.dataclass(cls, **options)


def _create_class(cls: type) -> type:
    if any(name in cls.__dict__ for name in OWN) or _has_frozen_base(cls):
        return dataclasses.dataclass(frozen=True, slots=True)(cls)
    if cls.__doc__ is None:
        cls.__doc__ = cls.__name__  # else its signature is worked out
    created: Any = dataclasses.dataclass(init=False, repr=False, eq=False, slots=True)(cls)
    created.__setattr__ = created.__delattr__ = _refuse_change
    created.__getstate__, created.__setstate__ = _get_state, _set_state
    if dataclasses.fields(created):
        created.__init__ = _delay_init(created)
        waiting.add(created)
    else:
        _write_methods(created)  # a value without fields is unpickled without `__setstate__`
    return cast("type", created)


def _has_frozen_base(cls: type) -> bool:
    found = (getattr(base, "__dataclass_params__", None) for base in cls.__mro__[1:])
    return any(parameters.frozen for parameters in found if parameters is not None)


def _delay_init(cls: Any) -> Callable[..., None]:
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807  it stands in for the class's own
        _write_methods(cls)
        cls.__init__(self, *args, **kwargs)

    return __init__


def _write_methods(cls: Any) -> None:
    """Take over the methods that the standard library writes for the same fields."""
    members: dict[str, Any] = {each.name: _copy_field(each) for each in dataclasses.fields(cls)}
    members["__annotations__"] = {each.name: each.type for each in dataclasses.fields(cls)}
    members |= {"__qualname__": cls.__qualname__, "__module__": cls.__module__, "__doc__": cls.__name__}
    if hasattr(cls, "__post_init__"):
        members["__post_init__"] = cls.__post_init__
    model: type = dataclasses.dataclass(frozen=True)(type(cls.__name__, (), members))
    own = {name for name in WRITTEN[1:] if cls.__dict__.get(name) is not None}  # `__eq__` alone sets `__hash__` to None
    for name in WRITTEN[::-1]:  # `__init__` last: whoever finds it finds the others
        if name not in own:
            setattr(cls, name, model.__dict__[name])
    waiting.discard(cls)


def _copy_field(of: dataclasses.Field[Any]) -> Any:
    default = {} if of.default is dataclasses.MISSING else {"default": of.default}
    factory = {} if of.default_factory is dataclasses.MISSING else {"default_factory": of.default_factory}
    given: dict[str, Any] = {**default, **factory}
    return dataclasses.field(
        init=of.init, repr=of.repr, hash=of.hash, compare=of.compare, kw_only=bool(of.kw_only), **given
    )


def _refuse_change(self: object, name: str, *_value: object) -> NoReturn:
    raise dataclasses.FrozenInstanceError(f"cannot change field {name!r} of {type(self).__name__}")


def _get_state(self: Any) -> list[Any]:
    return [getattr(self, each.name) for each in dataclasses.fields(self)]


def _set_state(self: Any, state: Sequence[Any]) -> None:
    """Fill a value that was copied or unpickled: no `__init__` ran."""
    for cls in type(self).__mro__:
        if cls in waiting:
            _write_methods(cls)
    for each, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, each.name, value)
