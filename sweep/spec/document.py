"""One YAML document of a spec: its blocks are validated value by value, every problem is noted with its place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, cast

from pydantic import BaseModel, TypeAdapter, ValidationError

from sweep.spec import yaml_lines
from sweep.spec.model import BLOCK_KEYS, Block, Resources
from sweep.spec.sampled import Sample, Span
from sweep.spec.wording import RANGE, field_of, in_words, what_to_type
from sweep.text import did_you_mean, nearest, shown
from trainables.config import Measurement, TrialConfig

MAX_POINTS = 100_000
"""A larger grid counts as a mistake."""

UNKNOWN_SHOWN = 10
SETTING_LENGTH = 120

TOP_KEYS = ("name", "description", "include", *BLOCK_KEYS, "keep", "resources")
SECTIONS = ("fixed", "grid", "zip")
"""Keys of a block that give values to fields, a field in one of them."""
FIELDS = tuple(name for name in TrialConfig.model_fields if name != "measure")

PLACES: dict[str, Sequence[str]] = {
    "'fixed', 'grid' or 'zip'": FIELDS,
    "'measure'": tuple(Measurement.model_fields),
    "'resources'": tuple(Resources.model_fields),
    "the top level of a spec": TOP_KEYS,
}
"""Where in a spec each key stands."""

_ADAPTERS: dict[str, TypeAdapter[Any]] = {
    name: TypeAdapter(cast(Any, Annotated[(info.annotation, info)]))
    for name, info in TrialConfig.model_fields.items()
    if name in FIELDS
}


@dataclass
class Document:
    """One YAML document with the lines of its keys; the place of a value from `--set` is that setting."""

    source: str
    data: Any
    lines: yaml_lines.Lines
    problems: list[str]
    corrections: dict[str, str] = field(default_factory=dict)
    """By setting of `--set` that is refused: what to type in its place, without what was wrong."""
    settings: dict[yaml_lines.Path, str] = field(default_factory=dict)

    @property
    def path(self) -> Path:
        """Its path, to which the paths of its includes are relative."""
        return Path(self.source)

    def place(self, field: str) -> yaml_lines.Path:
        """Where a field has its value, as in `measure.samples`: in a setting, or on a line; the top where nowhere."""
        *section, name = field.split(".")
        places = (path for path in (*self.settings, *self.lines) if path[-1:] == (name,) and len(path) > 1)
        return next((path for path in places if not section or path[-2] == section[-1]), ())

    def say(self, path: yaml_lines.Path, message: str, correction: str | None = None) -> None:
        """Note a problem at FILE:LINE of the key, or of the nearest key above it, or at the `--set` that changed it.

        correction: of a setting, what to type in its place; by default the same with another value.
        """
        while path and path not in self.lines and path not in self.settings:
            path = path[:-1]
        if path in self.settings:
            self._refuse(self.settings[path], message, correction)
        else:
            self.problems.append(f"{self.source}:{self.lines.get(path, 1)}: {message}")

    def _refuse(self, setting: str, message: object, correction: str | None = None) -> None:
        self.problems.append(f"--set {setting[:SETTING_LENGTH]}: {message}")
        self.corrections.setdefault(setting, correction or f"{setting.partition('=')[0]}=VALUE")

    def apply(self, setting: str) -> None:
        """Apply `PATH=YAML`; a field set under one of `SECTIONS` is removed from the others."""
        target, separator, text = setting.partition("=")
        keys = tuple(target.strip().split("."))
        if not separator or len(keys) > 2 or keys[0] not in TOP_KEYS:
            paths = "grid.width, fixed.epochs, measure.every"
            self._refuse(setting, f"expected PATH=YAML with PATH such as {paths}", "PATH=VALUE")
            return
        try:
            value, _ = yaml_lines.load(text)
        except yaml_lines.YamlProblem as problem:
            self._refuse(setting, problem)
            return
        if len(keys) == 1:
            self.data[keys[0]] = value
        else:
            section, name = keys
            if not isinstance(self.data.get(section), dict):
                self.data[section] = {}
            self.data[section][name] = value
            for other in SECTIONS if section in SECTIONS else ():
                if other != section and isinstance(self.data.get(other), dict):
                    self.data[other].pop(name, None)
        self.settings[keys] = setting

    def check_keys(self, path: yaml_lines.Path, mapping: dict[Any, Any], allowed: Sequence[str]) -> None:
        """Note a problem for each key of the mapping at that path that is not allowed."""
        unknown = [key for key in mapping if key not in allowed]
        where = f" in '{path[-1]}'" if path and isinstance(path[-1], str) else ""
        for key in unknown[:UNKNOWN_SHOWN]:
            self.say(
                (*path, str(key)),
                f"unknown key {shown(str(key))}{where}{_hint(str(key), allowed)}: allowed are {', '.join(allowed)}",
                self._with_key(path, str(key), nearest(str(key), allowed) or "KEY"),
            )
        if len(unknown) > UNKNOWN_SHOWN:
            self.say(path, f"{len(unknown) - UNKNOWN_SHOWN:,} more unknown keys{where}")

    def _with_key(self, path: yaml_lines.Path, key: str, instead: str) -> str:
        """The setting of that key, if it is one, with another key."""
        value = self.settings.get((*path, key), "").partition("=")[2]
        return f"{'.'.join((*map(str, path), instead))}={value}"

    def block(self, path: yaml_lines.Path) -> Block:
        """The validated block at that path."""
        fixed, grid, together = (self._mapping((*path, key)) for key in SECTIONS)
        sampled, measure = (self._mapping((*path, key)) for key in ("sample", "measure"))
        fixed_values = {
            name: self._value((*path, "fixed", name), name, value) for name, value in fixed.items() if name in FIELDS
        }
        grid_values, zipped = (
            {
                name: self._values((*path, key, name), name, values, is_set)
                for name, values in section.items()
                if name in FIELDS
            }
            for key, section, is_set in (("grid", grid, True), ("zip", together, False))
        )
        self._check_lengths((*path, "zip"), zipped)
        if sampled:
            zipped |= self._sampled((*path, "sample"), sampled)
        self._check_sections(path, {"fixed": fixed, "grid": grid, "zip": together, "sample": sampled})
        checked = self.model((*path, "measure"), Measurement, measure)
        set_fields = {key: value for key, value in checked.model_dump(mode="json").items() if key in measure}
        return Block(fixed_values, grid_values, set_fields, zipped)

    def _check_sections(self, path: yaml_lines.Path, sections: Mapping[str, dict[str, Any]]) -> None:
        """Note the unknown fields, and those that stand in two sections of a block."""
        seen: dict[str, str] = {}
        over = sections["sample"].get("over")
        named = {key: sections[key] for key in SECTIONS} | {"sample": over if isinstance(over, dict) else {}}
        if sections["zip"] and sections["sample"]:
            self.say((*path, "sample"), "a block has 'zip' or 'sample', not both: make two of them under 'include'")
        for key, section in named.items():
            self.check_keys((*path, key) if key in SECTIONS else (*path, key, "over"), section, FIELDS)
            for name in section:
                if name in seen:
                    self.say((*path, key, name), f"'{name}' stands in both '{seen[name]}' and '{key}': keep one")
                seen.setdefault(name, key)

    def _check_lengths(self, path: yaml_lines.Path, zipped: dict[str, list[Any]]) -> None:
        lengths = {name: len(values) for name, values in zipped.items()}
        if len(set(lengths.values())) > 1:
            told = ", ".join(f"{name} has {length}" for name, length in lengths.items())
            self.say(path, f"the fields of 'zip' go together, so their lists are of one length: {told}")
            zipped.clear()

    def _sampled(self, path: yaml_lines.Path, values: dict[str, Any]) -> dict[str, list[Any]]:
        """By field the values that are sampled, each as the field allows."""
        over = values.get("over")
        if isinstance(over, dict):
            spans = {str(name): self._span((*path, "over", str(name)), str(name), span) for name, span in over.items()}
            values = {**values, "over": spans}
            if None in spans.values():
                return {}
        self.check_keys(path, values, tuple(Sample.model_fields))
        known = {key: value for key, value in values.items() if key in Sample.model_fields}
        if lacking := [key for key in ("points", "over") if key not in known]:
            self.say(
                path, f"'sample' lacks {' and '.join(lacking)}, as in sample: {{points: 20, over: {{width: [10, 20]}}}}"
            )
            return {}
        try:
            sample = Sample.model_validate(known)
        except ValidationError as error:
            self._say_errors(path, error, known)
            return {}
        return {
            name: [self._value((*path, "over", name), name, value) for value in column]
            for name, column in sample.columns().items()
            if name in FIELDS
        }

    def model(self, path: yaml_lines.Path, kind: type[BaseModel], value: Any) -> Any:
        """The validated model, or its default when there are problems."""
        value = {} if value is None else value
        if not isinstance(value, dict):
            self.say(path, f"'{path[-1]}' is a mapping with the keys {', '.join(kind.model_fields)}")
            return kind()
        self.check_keys(path, value, tuple(kind.model_fields))
        fields = {key: item for key, item in value.items() if key in kind.model_fields}
        try:
            return kind.model_validate(fields)
        except ValidationError as error:
            self._say_errors(path, error, fields)
            return kind()

    def _mapping(self, path: yaml_lines.Path) -> dict[str, Any]:
        holder = self.data
        for key in path[:-1]:
            holder = holder[key]
        value = holder.get(path[-1])
        if value is None:
            return {}
        if not isinstance(value, dict):
            self.say(path, f"'{path[-1]}' is a mapping, not {shown(value)}")
            return {}
        return value

    def _span(self, path: yaml_lines.Path, name: str, span: Any) -> Span | list[Any] | None:
        """What a field is sampled over; None, with a problem noted, where that cannot be."""
        if isinstance(span, dict):
            try:
                return Span.model_validate(span)
            except ValidationError as error:
                self._say_errors(path, error, span)
                return None
        values = self._range(path, span)
        if isinstance(values, list) and values:
            return values
        self.say(
            path,
            f"'{name}' in 'sample' is a range such as {{from: 1, to: 4}} or 1..4, or a list of choices, "
            f"not {shown(span)}",
        )
        return None

    def _values(self, path: yaml_lines.Path, name: str, values: Any, is_set: bool) -> list[Any]:
        """The values of a list or range. is_set: whether each counts once."""
        values, key = self._range(path, values), path[-2]
        if not isinstance(values, list):
            self.say(path, f"'{name}' in '{key}' is a list such as [1, 2] or a range such as 0..4, not {shown(values)}")
            return []
        if not values:
            self.say(path, f"'{name}' in '{key}' is empty: give at least one value")
        validated = [self._value((*path, index), name, value) for index, value in enumerate(values)]
        return list(dict.fromkeys(validated)) if is_set else validated

    def _range(self, path: yaml_lines.Path, values: Any) -> Any:
        match = RANGE.fullmatch(values) if isinstance(values, str) else None
        if not match:
            return values
        first, last = int(match[1]), int(match[2])
        if last < first:
            self.say(path, f"the range {values} runs backwards: write {last}..{first}")
            return [first]
        if last - first >= MAX_POINTS:
            self.say(path, f"the range {values} has {last - first + 1:,} values: at most {MAX_POINTS:,}")
            return [first]
        return list(range(first, last + 1))

    def _value(self, path: yaml_lines.Path, name: str, value: Any) -> Any:
        """The value as `TrialConfig` accepts it: no text for a number, no number for a boolean."""
        try:
            return _ADAPTERS[name].validate_python(value, strict=True)
        except ValidationError as error:
            self._say_errors(path, error, value)
            return str(value)

    def _say_errors(self, path: yaml_lines.Path, error: ValidationError, value: Any) -> None:
        messages = set()
        problems = error.errors()
        for problem in problems:
            if problem["type"] == "too_short" and len(problems) > 1:  # a list is short only because its items are bad
                continue
            location = tuple(key for key in problem["loc"] if key in self._keys_of(value))
            where = (*path, *location)
            message = f"{field_of(where)}: {in_words(problem)}{what_to_type(where, problem)}"
            if message not in messages:
                self.say((*path, *location), message)
            messages.add(message)

    @staticmethod
    def _keys_of(value: Any) -> set[Any]:
        return set(value) | set(range(1000)) if isinstance(value, dict) else set()


def _hint(key: str, allowed: Sequence[str]) -> str:
    """Where the key stands in a spec, in brackets; of a key that stands nowhere the most similar that is allowed."""
    place = next((place for place, keys in PLACES.items() if key in keys), None)
    return f" (its place is {place})" if place else did_you_mean(key, allowed)
