"""Reads a spec: YAML -> validated SweepSpec. All problems at once, each with its line and what is allowed."""

import difflib
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, cast

from pydantic import BaseModel, TypeAdapter, ValidationError

from sweep import yaml_lines
from sweep.errors import UsageError
from sweep.spec import BLOCK_KEYS, Block, Resources, SweepSpec, presets
from trainables.config import Measurement, TrialConfig

MAX_POINTS = 100_000
"""A grid beyond this is taken for a mistake."""

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
RANGE = re.compile(r"\s*(\d+)\s*\.\.\s*(\d+)\s*")
TOP_KEYS = ("name", "description", "include", *BLOCK_KEYS, "resources")
FIELDS = tuple(name for name in TrialConfig.model_fields if name != "measure")

_ADAPTERS: dict[str, TypeAdapter[Any]] = {
    name: TypeAdapter(cast(Any, Annotated[(info.annotation, info)]))
    for name, info in TrialConfig.model_fields.items()
    if name in FIELDS
}


def load(source: str, settings: Sequence[str] = ()) -> SweepSpec:
    """The spec of that preset name or YAML path, changed by settings such as `grid.width=[50]`, validated.

    Raises:
        UsageError: with every problem found, each with file, line, what is allowed and the nearest name.
    """
    reader = _Reader()
    path = reader.find(source)
    spec = reader.read(path, settings) if path else None
    if spec is None or reader.problems:
        again = " ".join(["sweep plan", source, *(f"--set {shlex.quote(setting)}" for setting in settings)])
        raise UsageError("\n".join([*dict.fromkeys(reader.problems), f"  next: correct this, then {again}"]))
    return spec


class _Reader:
    """Reads one spec and what it includes, and collects the problems."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self._open: list[Path] = []

    def find(self, source: str, relative_to: Path = Path()) -> Path | None:
        known = presets()
        if source in known:
            return known[source]
        path = relative_to / source
        if path.is_file():
            return path
        if path.suffix in (".yaml", ".yml") or "/" in source:
            self.problems.append(f"{source}: no such spec file; the presets are {', '.join(known)}")
        else:
            hint = _did_you_mean(source, known)
            self.problems.append(
                f"unknown preset '{source}'{hint}: allowed are {', '.join(known)}, or the path of a YAML file"
            )
        return None

    def read(self, path: Path, settings: Sequence[str]) -> SweepSpec | None:
        try:
            data, lines = yaml_lines.load(path.read_text(encoding="utf-8"))
        except yaml_lines.YamlProblem as problem:
            self.problems.append(f"{path}:{problem.line}: {problem}")
            return None
        except (OSError, UnicodeDecodeError) as error:
            self.problems.append(f"{path}: cannot be read as UTF-8 text: {error}")
            return None
        document = _Document(path, {} if data is None else data, lines, self.problems)
        if not isinstance(document.data, dict):
            document.say((), "a spec is a mapping with the keys " + ", ".join(TOP_KEYS))
            return None
        for setting in settings:
            document.apply(setting)
        self._open.append(path.resolve())
        try:
            return self._spec(document)
        finally:
            self._open.pop()

    def _spec(self, document: "_Document") -> SweepSpec | None:
        before = len(self.problems)
        document.check_keys((), document.data, TOP_KEYS)
        name = document.data.get("name", document.path.stem)
        if not isinstance(name, str) or not NAME.fullmatch(name):
            document.say(("name",), f"name {name!r}: allowed are letters, digits, '.', '_' and '-', 100 at most")
        description = document.data.get("description", "")
        if not isinstance(description, str):
            document.say(("description",), f"description {description!r}: must be text")
        own = document.block(())
        blocks = self._included(document, own) if "include" in document.data else [own]
        trial_resources = document.model(("resources",), Resources, document.data.get("resources"))
        if len(self.problems) > before:
            return None
        size = sum(block.size for block in blocks)
        if not 0 < size <= MAX_POINTS:
            document.say(("grid",), f"the grid has {size:,} points: allowed are 1 to {MAX_POINTS:,}")
            return None
        spec = SweepSpec(name, description.strip(), tuple(blocks), trial_resources)
        self._check_points(document, spec)
        return spec

    def _included(self, document: "_Document", own: Block) -> list[Block]:
        items = document.data["include"]
        if not isinstance(items, list) or not items:
            document.say(("include",), "include is a list of preset names, YAML paths or blocks")
            return []
        blocks: list[Block] = []
        for index, item in enumerate(items):
            if isinstance(item, dict):
                document.check_keys(("include", index), item, BLOCK_KEYS)
                blocks.append(document.block(("include", index)))
            elif path := self.find(str(item), document.path.parent):
                if path.resolve() in self._open:
                    document.say(("include", index), f"{item} includes itself")
                    continue
                included = self.read(path, ())
                blocks.extend(included.blocks if included else ())
        return [block.overlaid(own) for block in blocks]

    def _check_points(self, document: "_Document", spec: SweepSpec) -> None:
        """Problems that only whole points have (a subset larger than the data set, say), each once."""
        try:
            _ = spec.points
        except ValidationError as error:
            for problem in error.errors():
                document.say(("measure",), problem["msg"].removeprefix("Value error, "))


@dataclass
class _Document:
    """One YAML document with the lines of its keys; what `--set` changed has the setting as its place."""

    path: Path
    data: Any
    lines: yaml_lines.Lines
    problems: list[str]
    settings: dict[yaml_lines.Path, str] = field(default_factory=dict)

    def say(self, path: yaml_lines.Path, message: str) -> None:
        self.problems.append(f"{self.place(path)}: {message}")

    def place(self, path: yaml_lines.Path) -> str:
        while path and path not in self.lines and path not in self.settings:
            path = path[:-1]
        if path in self.settings:
            return f"--set {self.settings[path]}"
        return f"{self.path}:{self.lines.get(path, 1)}"

    def apply(self, setting: str) -> None:
        """Apply `PATH=YAML`; a field set under `grid` leaves `fixed`, and the other way round."""
        target, separator, text = setting.partition("=")
        keys = tuple(target.strip().split("."))
        if not separator or len(keys) > 2 or keys[0] not in TOP_KEYS:
            self.problems.append(
                f"--set {setting}: expected PATH=YAML with PATH such as grid.width, fixed.epochs, measure.every"
            )
            return
        try:
            value, _ = yaml_lines.load(text)
        except yaml_lines.YamlProblem as problem:
            self.problems.append(f"--set {setting}: {problem}")
            return
        if len(keys) == 1:
            self.data[keys[0]] = value
        else:
            section, name = keys
            if not isinstance(self.data.get(section), dict):
                self.data[section] = {}
            self.data[section][name] = value
            other = {"grid": "fixed", "fixed": "grid"}.get(section)
            if other and isinstance(self.data.get(other), dict):
                self.data[other].pop(name, None)
        self.settings[keys] = setting

    def check_keys(self, path: yaml_lines.Path, mapping: dict[Any, Any], allowed: Sequence[str]) -> None:
        for key in mapping:
            if key not in allowed:
                where = f" in '{path[-1]}'" if path and isinstance(path[-1], str) else ""
                self.say(
                    (*path, str(key)),
                    f"unknown key '{key}'{where}{_did_you_mean(str(key), allowed)}: allowed are {', '.join(allowed)}",
                )

    def block(self, path: yaml_lines.Path) -> Block:
        """The validated block at that path."""
        fixed, grid, measure = (self._mapping((*path, key)) for key in BLOCK_KEYS)
        fixed_values, grid_values = {}, {}
        self.check_keys((*path, "fixed"), fixed, FIELDS)
        self.check_keys((*path, "grid"), grid, FIELDS)
        for name in fixed.keys() & grid.keys():
            self.say((*path, "grid", name), f"'{name}' stands in both 'fixed' and 'grid': keep one")
        for name, value in fixed.items():
            if name in FIELDS:
                fixed_values[name] = self._value((*path, "fixed", name), name, value)
        for name, values in grid.items():
            if name in FIELDS:
                grid_values[name] = self._values((*path, "grid", name), name, values)
        checked = self.model((*path, "measure"), Measurement, measure)
        given = {key: value for key, value in checked.model_dump(mode="json").items() if key in measure}
        return Block(fixed_values, grid_values, given)

    def model(self, path: yaml_lines.Path, kind: type[BaseModel], value: Any) -> Any:
        """The validated model, or its default when there are problems."""
        value = {} if value is None else value
        if not isinstance(value, dict):
            self.say(path, f"'{path[-1]}' is a mapping with the keys {', '.join(kind.model_fields)}")
            return kind()
        self.check_keys(path, value, tuple(kind.model_fields))
        known = {key: item for key, item in value.items() if key in kind.model_fields}
        try:
            return kind.model_validate(known)
        except ValidationError as error:
            self._say_errors(path, error, known)
            return kind()

    def _mapping(self, path: yaml_lines.Path) -> dict[str, Any]:
        holder = self.data
        for key in path[:-1]:
            holder = holder[key]
        value = holder.get(path[-1])
        if value is None:
            return {}
        if not isinstance(value, dict):
            self.say(path, f"'{path[-1]}' is a mapping, not {value!r}")
            return {}
        return value

    def _values(self, path: yaml_lines.Path, name: str, values: Any) -> list[Any]:
        values = self._range(path, values)
        if not isinstance(values, list):
            self.say(path, f"'{name}' in 'grid' is a list such as [1, 2] or a range such as 0..4, not {values!r}")
            return []
        if not values:
            self.say(path, f"'{name}' in 'grid' is empty: give at least one value")
        found = [self._value((*path, index), name, value) for index, value in enumerate(values)]
        return list(dict.fromkeys(found))

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
        """The value as `TrialConfig` takes it: no text for a number, no number for a truth value."""
        try:
            return _ADAPTERS[name].validate_python(value, strict=True)
        except ValidationError as error:
            self._say_errors(path, error, value)
            return str(value)

    def _say_errors(self, path: yaml_lines.Path, error: ValidationError, value: Any) -> None:
        said = set()
        problems = error.errors()
        for problem in problems:
            if problem["type"] == "too_short" and len(problems) > 1:  # a list is short only because its items are bad
                continue
            location = tuple(key for key in problem["loc"] if key in self._known_keys(value))
            message = f"{_field((*path, *location))}: {_in_words(problem)}"
            if message not in said:
                self.say((*path, *location), message)
            said.add(message)

    @staticmethod
    def _known_keys(value: Any) -> set[Any]:
        return set(value) | set(range(1000)) if isinstance(value, dict) else set()


def _field(path: yaml_lines.Path) -> str:
    return str(next(key for key in reversed(path) if isinstance(key, str)))


def _in_words(problem: Any) -> str:
    allowed = re.findall(r"'([^']*)'", str(problem.get("ctx", {}).get("expected", "")))
    hint = _did_you_mean(str(problem["input"]), allowed)
    message = problem["msg"].removeprefix("Value error, ").replace("Input should", "must")
    return f"{problem['input']!r}{hint}: {message}"


def _did_you_mean(word: str, known: Any) -> str:
    near = difflib.get_close_matches(word, list(known), n=1)
    return f" (did you mean '{near[0]}'?)" if near else ""
