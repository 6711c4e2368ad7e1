"""YAML 1.2 (core schema) as plain data that remembers the line of every key; `load` reads what `dump` writes.

Duplicate keys, aliases, tags and deep nesting are refused. PyYAML speaks YAML 1.1, in which 010 is 8, 1:30 is 90, `no`
is false and 1e-3 a text; so one table of plain values, anchored at both ends, serves its reader and its writer.
"""

import re
from typing import Any, ClassVar

import yaml

from sweep.text import shown

Path = tuple[str | int, ...]
Lines = dict[Path, int]

MAX_DEPTH = 16
"""Lists and mappings in one another, at most; a spec needs five."""

TOLD_LETTERS = 20_000
MAX_LETTERS = 300_000
"""Of a text, at most, before it is parsed: a second's work; ranges keep specs of any size short."""

PLAIN_VALUES = {
    "null": (r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    "bool": (r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    "int": (r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", list("-+0123456789")),
    "float": (
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        list("-+.0123456789"),
    ),
}
"""The values that are not text when written without quotes (YAML 1.2.2, section 10.3.2), with their first letters."""

OTHER_BREAKS = frozenset("\x85\u2028\u2029\ufeff")


class YamlProblem(Exception):
    """The text is not the YAML that was expected; `line` counts from 1."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


Base: Any = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
"""With libyaml, where PyYAML was built with it, it is five times as fast."""


class _Loader(Base):
    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}

    def construct_number(self, node: yaml.ScalarNode) -> int:
        text = str(self.construct_scalar(node))
        try:
            return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))
        except ValueError:  # of thousands of digits
            raise YamlProblem(node.start_mark.line + 1, f"the number {text[:20]}... is too long") from None


class _Dumper(yaml.SafeDumper):
    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}  # type: ignore[misc]

    def ignore_aliases(self, data: Any) -> bool:
        """Write equal lists out instead of naming them by anchors."""
        return True

    def represent_text(self, data: str) -> yaml.ScalarNode:
        """Text with a line break that YAML 1.1 and 1.2 read differently, in double quotes, where it is escaped."""
        style = '"' if OTHER_BREAKS & set(data) else None
        return self.represent_scalar("tag:yaml.org,2002:str", data, style)


_Dumper.add_representer(str, _Dumper.represent_text)
_Loader.add_constructor("tag:yaml.org,2002:int", _Loader.construct_number)
for _kind, (_pattern, _first) in PLAIN_VALUES.items():
    for _class in (_Loader, _Dumper):
        _class.add_implicit_resolver(f"tag:yaml.org,2002:{_kind}", re.compile(rf"(?:{_pattern})\Z"), _first)


def dump(data: Any) -> str:
    """The data as YAML that `load` reads as the same data."""
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)


def load(text: str, most: int = MAX_LETTERS) -> tuple[Any, Lines]:
    """The data in a YAML text of so many letters at most, and the line of every path in it.

    Raises:
        YamlProblem: on a syntax error, a duplicate key, or what is refused.
    """
    if len(text) > most:
        raise YamlProblem(1, f"{len(text):,} letters are too many for a spec: allowed are {most:,}")
    try:
        _check_tokens(text)
        loader = _Loader(text)
        node = loader.get_single_node()
        lines: Lines = {}
        if node is not None:
            _visit(node, (), lines)
        return (loader.construct_document(node) if node is not None else None), lines
    except yaml.MarkedYAMLError as error:
        told = _as_python_tells(text) or error
        mark = told.problem_mark or told.context_mark
        raise YamlProblem(mark.line + 1 if mark else 1, f"YAML syntax: {told.problem or told.context}") from error
    except yaml.YAMLError as error:
        raise YamlProblem(1, f"YAML syntax: {error}") from error


def _as_python_tells(text: str) -> yaml.MarkedYAMLError | None:
    """The syntax error as PyYAML's own parser finds it: libyaml names the line behind where a text ends too soon."""
    if len(text) > TOLD_LETTERS:
        return None
    try:
        yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        return error
    except (yaml.YAMLError, RecursionError):
        return None
    return None


_OPENING = (
    yaml.BlockSequenceStartToken,
    yaml.BlockMappingStartToken,
    yaml.FlowSequenceStartToken,
    yaml.FlowMappingStartToken,
)
_CLOSING = (yaml.BlockEndToken, yaml.FlowSequenceEndToken, yaml.FlowMappingEndToken)


def _check_tokens(text: str) -> None:
    """Refuse what the reader would follow or descend into: aliases, tags, and nesting deeper than MAX_DEPTH."""
    depth = 0
    for token in yaml.scan(text, Loader=Base):
        line = token.start_mark.line + 1
        if isinstance(token, yaml.AliasToken):
            raise YamlProblem(line, f"'*{token.value}': aliases are not allowed, write it out")
        if isinstance(token, yaml.TagToken):
            raise YamlProblem(
                line, f"'{''.join(map(str, filter(None, token.value)))}': tags are not allowed, leave it out"
            )
        depth += isinstance(token, _OPENING) - isinstance(token, _CLOSING)
        if depth > MAX_DEPTH:
            raise YamlProblem(line, f"more than {MAX_DEPTH} lists and mappings in one another")


def _visit(node: yaml.Node, path: Path, lines: Lines) -> None:
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            _visit(item, (*path, index), lines)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                raise YamlProblem(line, "a key is a word, not a list or a mapping")
            key_path = (*path, str(key.value))
            if key_path in lines:
                raise YamlProblem(line, f"duplicate key {shown(key.value)} (first in line {lines[key_path]})")
            lines[key_path] = line
            _visit(value, key_path, lines)
