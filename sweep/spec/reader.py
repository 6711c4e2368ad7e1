"""Reads a spec: YAML -> validated SweepSpec. Reports all problems together, each with its line and what is allowed."""

import os
import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from pydantic import ValidationError

from sweep.commands import command_line, spec_arguments, typed_again
from sweep.errors import UsageError
from sweep.spec import yaml_lines
from sweep.spec.document import MAX_POINTS, TOP_KEYS, Document
from sweep.spec.model import BLOCK_KEYS, Block, Resources, SweepSpec, presets
from sweep.spec.wording import in_words
from sweep.system.paths import with_home
from sweep.text import did_you_mean, nearest, shown
from trainables.kept_states import Keep

MAX_BYTES = 4 * yaml_lines.MAX_LETTERS
MAX_BLOCKS = 1000
PATH_LENGTH = 200
NEXT_LENGTH = 600
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def spec_from_bytes(data: bytes, source: str, settings: Sequence[str] = ()) -> SweepSpec:
    """The spec in the bytes of any number that a store kept at `source`; raises as `store.load`."""
    reader = SpecReader()
    return without_problems(reader, reader.parse(data, source, settings, len(data)), source, settings)


def without_problems(reader: "SpecReader", spec: SweepSpec | None, source: str, settings: Sequence[str]) -> SweepSpec:
    """The spec that the reader read. Raises UsageError, with all its problems, where it noted any."""
    if spec is None or reader.problems:
        meant = reader.suggestion or source
        again = typed_again(source, meant) or command_line("plan", *spec_arguments(meant, settings))
        for setting, correction in reader.corrections.items():
            again = again.replace(shlex.quote(setting), shlex.quote(correction))
        again = again if len(again) <= NEXT_LENGTH else "the same again"
        raise UsageError(
            "\n".join(dict.fromkeys(reader.problems)),
            next=again if reader.suggestion else f"correct this, then {again}",
        )
    return spec


class SpecReader:
    """Reads one spec and its includes, and collects the problems."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.corrections: dict[str, str] = {}
        self.suggestion: str | None = None
        self._open: list[Path] = []
        self._included_specs: dict[Path, SweepSpec | None] = {}

    def find(self, source: str, relative_to: Path = Path()) -> Path | None:
        """The file of a preset's name, or of a path; None, with a problem noted, where there is none."""
        packaged = presets()
        if source in packaged:
            return packaged[source]
        path = relative_to / with_home(source)
        if _is_file(path):
            return path
        if path.suffix in (".yaml", ".yml") or "/" in source:
            wrong = "is a folder, no spec file" if os.path.isdir(path) else "no such spec file"
            self.problems.append(f"{shown_path(source)}: {wrong}; the presets are {', '.join(packaged)}")
        else:
            hint = did_you_mean(source, packaged)
            self.suggestion = nearest(source, packaged) if relative_to == Path() else None
            self.problems.append(
                f"unknown preset {shown(source)}{hint}: allowed are {', '.join(packaged)}, or the path of a YAML file"
            )
        return None

    def read(self, path: Path, settings: Sequence[str]) -> SweepSpec | None:
        """The spec in a file; None, with its problems noted, where there is none."""
        try:
            with path.open("rb") as file:
                content = file.read(MAX_BYTES + 1)
            if len(content) > MAX_BYTES:
                self.problems.append(f"{path}: more than {MAX_BYTES:,} bytes are no spec")
                return None
            return self.parse(content, str(path), settings)
        except OSError as error:
            self.problems.append(f"{path}: cannot be read as UTF-8 text: {error}")
            return None

    def parse(
        self, content: bytes, source: str, settings: Sequence[str], most: int = yaml_lines.MAX_LETTERS
    ) -> SweepSpec | None:
        """The spec in what was read from `source`; None, with its problems noted, where there is none."""
        try:
            data, lines = yaml_lines.load(content.decode("utf-8"), most)
        except yaml_lines.YamlProblem as problem:
            self.problems.append(f"{source}:{problem.line}: {problem}")
            return None
        except UnicodeDecodeError as error:
            self.problems.append(f"{source}: cannot be read as UTF-8 text: {error}")
            return None
        document = Document(source, data, lines, self.problems, self.corrections)
        if not isinstance(document.data, dict):
            found = "empty: " if data is None else ""
            document.say((), f"{found}a spec is a mapping with the keys {', '.join(TOP_KEYS)}")
            return None
        for setting in settings:
            document.apply(setting)
        self._open.append(document.path.resolve())
        try:
            return self._spec(document)
        finally:
            self._open.pop()

    def _spec(self, document: "Document") -> SweepSpec | None:
        before = len(self.problems)
        document.check_keys((), document.data, TOP_KEYS)
        name = document.data.get("name", document.path.stem)
        description = document.data.get("description", "")
        for key, value in (("name", name), ("description", description)):
            if not isinstance(value, str):
                document.say((key,), f'{key} {shown(value)}: must be text; quote it, as in {key}: "..."')
        if isinstance(name, str) and not NAME.fullmatch(name):
            document.say(("name",), f"name {shown(name)}: allowed are letters, digits, '.', '_' and '-', 100 at most")
        own = document.block(())
        blocks = self._included(document, own) if "include" in document.data else [own]
        trial_resources = document.model(("resources",), Resources, document.data.get("resources"))
        keep = document.data.get("keep", "none")
        if keep not in get_args(Keep):
            document.say(("keep",), f"keep {shown(keep)}: allowed are {', '.join(get_args(Keep))}")
        if len(self.problems) > before:
            return None
        size = sum(block.size for block in blocks)
        if not 0 < size <= MAX_POINTS:
            document.say(("grid",), f"the grid has {size:,} points: allowed are 1 to {MAX_POINTS:,}")
            return None
        spec = SweepSpec(name, description.strip(), tuple(blocks), trial_resources, keep)
        self._check_points(document, spec)
        return spec

    def _included(self, document: "Document", own: Block) -> list[Block]:
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
                if path not in self._included_specs:
                    self._included_specs[path] = self.read(path, ())
                included = self._included_specs[path]
                blocks.extend(included.blocks if included else ())
                if len(blocks) > MAX_BLOCKS:
                    document.say(("include", index), f"more than {MAX_BLOCKS:,} blocks are included: write fewer")
                    return []
        return [block.overlaid(own) for block in blocks]

    def _check_points(self, document: "Document", spec: SweepSpec) -> None:
        """Note the problems that involve several fields (a subset larger than the data set, say), each once."""
        try:
            _ = spec.points
        except ValidationError as error:
            for problem in error.errors():
                said = problem["msg"].removeprefix("Value error, ")
                if field := [str(part) for part in problem["loc"]]:
                    said = f"{'.'.join(field)}: {in_words(problem)}"
                document.say(document.place(said.replace(":", " ").split()[0]), said)


def shown_path(source: str) -> str:
    """A path as messages repeat it."""
    return source if len(source) <= PATH_LENGTH else f"{source[:PATH_LENGTH]}..."


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # too long a name, a null byte
        return False
