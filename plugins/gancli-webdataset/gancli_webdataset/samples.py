"""What a shard's members are to each other: samples, the image of each, and its class."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from gancli import LABEL_KEYS, Member, Tarball, Unfit, unwanted

MOST_TEXT = 1 << 20  # bytes of a label, or of the JSON that holds it


class Sample(NamedTuple):
    """Members of one stem, by their extension: `cls`, `jpg`, `mask.png`."""

    key: str
    members: Mapping[str, Member]


def samples(members: Iterable[Member]) -> Iterator[Sample]:
    """Neighbours of one stem, each extension once, as samples; what systems leave behind is left out."""
    key, parts = "", dict[str, Member]()
    for member in members:
        path = [part for part in member.name.replace("\\", "/").split("/") if part not in {"", "."}]
        if not path or unwanted(path) == "hidden":
            continue
        stem, _, extension = path[-1].partition(".")
        name = "/".join([*path[:-1], stem])
        if parts and (name != key or extension.lower() in parts):
            yield Sample(key, parts)
            parts = {}
        key, parts[extension.lower()] = name, member
    if parts:
        yield Sample(key, parts)


@dataclass(frozen=True)
class Wanted:
    """Which members are images and labels: an extension, `json.FIELD` for a label, or empty for what is usual."""

    image: str = ""
    label: str = ""

    def image_of(self, sample: Sample) -> Member:
        """The image's member; raises Unfit where there is none, or it cannot be read."""
        named = [self.image] if self.image else [each for each in sample.members if _is_image(each)]
        found = [sample.members[each] for each in named if each in sample.members]
        faults = [member.fault for member in (found or sample.members.values()) if member.fault]
        if faults or not found:
            raise Unfit(*faults[:1] or [f"no {self.image or 'image'} in the sample"])
        return found[0]

    def label_of(self, sample: Sample, shard: Tarball) -> str | None:
        """The class as it is written, None where there is none; raises Unfit where it cannot be read."""
        member, field = sample.members.get(self.label or "cls"), ""
        if member is None and (not self.label or self.label.startswith("json.")):
            member, field = sample.members.get("json"), self.label.partition(".")[2]
            return None if member is None else _in_document(_text(shard, member), field)
        return None if member is None else _text(shard, member).strip()


def _is_image(extension: str) -> bool:
    return unwanted((f"file.{extension}",)) is None


def _text(shard: Tarball, member: Member) -> str:
    if member.fault or member.size > MOST_TEXT:
        raise Unfit(f"label: {member.fault or 'too large'}")
    return shard.read(member.place, member.size).decode("utf-8", "replace")


def _in_document(text: str, field: str) -> str | None:
    """The class in a JSON object, under a field or one of the usual ones; raises Unfit where it is no word."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise Unfit("label damaged") from None
    fields = [field] if field else LABEL_KEYS
    values = {str(key).lower(): value for key, value in document.items()} if isinstance(document, dict) else {}
    return _word(next((values[key] for key in fields if values.get(key) is not None), None))


def _word(value: Any) -> str | None:
    if isinstance(value, list | dict):
        raise Unfit("label of several parts")
    return None if value is None else str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
