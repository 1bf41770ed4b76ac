"""The base of everything a user sets: frozen pydantic models, whose fields are the options."""

from collections.abc import Iterator, Mapping
from inspect import Parameter, Signature, isfunction, signature, unwrap
from types import FunctionType
from typing import Any, ClassVar, Literal, Self, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError, ValidationInfo, field_validator
from pydantic import Field as Field
from pydantic.fields import FieldInfo

from gancli.base.errors import GanError
from gancli.base.text import article, clean

DEFAULT = "default"


class Options(BaseModel):
    """A frozen group of options; unknown names are errors, and `a,b` is a way to write a list."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    suggests: ClassVar[dict[str, Any]] = {}
    """Settings that suit this choice, by dotted name: the lowest layers, ignored where unknown.

    A function is called with the value of the layers below, or the default: `{"optim.lr": lambda lr: 2 * lr}`."""

    @field_validator("*", mode="before")
    @classmethod
    def _split_lists(cls, value: Any, info: ValidationInfo) -> Any:
        field = cls.model_fields.get(info.field_name or "")
        if isinstance(value, str) and field is not None and _is_list(field.annotation):
            return [part.strip() for part in value.split(",")]
        return value


class Chosen(Options):
    """Options of something that is chosen by its registered name."""

    name: str = ""

    @classmethod
    def checked(cls, options: object) -> Self:
        """The options, which must be of this class; raises GanError where a package registered something else."""
        if isinstance(options, cls):
            return options
        name, kind = clean(getattr(options, "name", options)), cls.__name__.lower()
        raise GanError(f"'{name}' is registered as {article(kind)} {kind}, and is none.")

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        """Raise TypeError where a method cannot be called like the one that it overrides."""
        for name, method in vars(cls).items():
            base = next((vars(parent)[name] for parent in cls.__mro__[1:] if name in vars(parent)), None)
            if isfunction(method) and isfunction(base):
                override, overridden = _signature(method), _signature(base)
                if not _is_called_alike(override, overridden):
                    raise TypeError(f"{cls.__name__}.{name}{override} is called as {base.__qualname__}{overridden}")


def _signature(method: FunctionType) -> Signature:
    """The signature of a method without its annotations."""
    # Since Python 3.14 to look at annotations is to evaluate them, and their names may be there for type checkers only.
    inner = unwrap(method)
    inner = inner if isfunction(inner) else method
    bare = FunctionType(inner.__code__, inner.__globals__, inner.__name__, inner.__defaults__, inner.__closure__)
    bare.__kwdefaults__ = inner.__kwdefaults__
    return signature(bare)


def _is_called_alike(override: Signature, base: Signature) -> bool:
    variable = {Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD}
    named = [parameter for parameter in base.parameters.values() if parameter.kind not in variable]
    keywords = {parameter.name: None for parameter in named if parameter.kind is parameter.KEYWORD_ONLY}
    try:
        override.bind(*[None] * (len(named) - len(keywords)), **keywords)
    except TypeError:
        return False
    return True


def _is_list(annotation: Any) -> bool:
    return any(get_origin(part) in (tuple, list) for part in (annotation, *get_args(annotation)))


def own_fields(model: type[Options]) -> Iterator[tuple[str, FieldInfo]]:
    """The fields of a model that hold one value each: neither the chosen name nor a nested group."""
    for name, info in model.model_fields.items():
        nested = isinstance(info.annotation, type) and issubclass(info.annotation, Options)
        if name != "name" and not nested:
            yield name, info


def groups_of(model: type[Options]) -> set[str]:
    """The names of the fields that `own_fields` leaves out: nested groups, and the chosen name."""
    return set(model.model_fields) - {name for name, _ in own_fields(model)}


def choices_of(info: FieldInfo) -> tuple[str, ...]:
    """The values of a Literal field as a user types them; empty for any other field."""
    annotations = (info.annotation, *get_args(info.annotation))
    return next((tuple(map(str, get_args(a))) for a in annotations if get_origin(a) is Literal), ())


def describe(info: FieldInfo) -> str:
    """The type of a field in one word, for help: `INT`, `FLOAT`, `a|b`."""
    if choices := choices_of(info):
        return "|".join(choices)
    for annotation in (info.annotation, *get_args(info.annotation)):
        for part in (annotation, *info.metadata, *get_args(annotation)):
            if isinstance(part, Metavar):
                return part.word
    if _is_list(info.annotation):
        return ",".join([_word(part) for part in get_args(info.annotation) if part is not Ellipsis])
    parts = [part for part in get_args(info.annotation) if part is not type(None)]
    return _word(parts[0] if parts else info.annotation)


class Metavar:
    """What help calls the values of an annotated type: `Annotated[float, Metavar("TIME")]`."""

    def __init__(self, word: str) -> None:
        self.word = word


def _word(annotation: Any) -> str:
    words = {int: "INT", float: "FLOAT", bool: "BOOL", str: "TEXT"}
    return words.get(annotation, str(getattr(annotation, "__name__", "TEXT")).upper())


def problem(path: str, origin: str, error: Any) -> str:
    """One pydantic error as a user reads it: where it is, what is wrong, where it came from."""
    text = str(error["msg"]).removeprefix("Value error, ")
    text = text[0].lower() + text[1:]
    return f"{clean(path)} = {clean(error['input'])!s}: {clean(text)} ({clean(origin)})"


def validated(
    model: type[Options], prefix: str, values: Mapping[str, Any], origins: Mapping[str, str], faults: list[str]
) -> Options | None:
    """The model built from values by dotted name; None where they are not valid, and `faults` is extended by why."""
    try:
        return model.model_validate({key.removeprefix(prefix): value for key, value in values.items()})
    except ValidationError as error:
        for fault in error.errors():
            path = prefix + str(fault["loc"][0] if fault["loc"] else "")
            if path not in groups_of(model):
                faults.append(problem(path, origins.get(path, DEFAULT), fault))
        return None
