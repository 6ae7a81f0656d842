"""The configuration, checked whole: every fault is listed, not the first.

Imported when the workflow is parsed, also in every job of a cluster: light imports only.
"""

import importlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import jsonschema
import yaml

from scorelens import paths
from scorelens.errors import ConfigError, Problem, closest
from scorelens.renamed_keys import RENAMED_KEYS

# Names that schemas may refer to, as module:attribute, imported when a schema is read.
REGISTRIES = {
    "audio_encoders": "scorelens.encoders.registry:AUDIO_ENCODERS",
    "image_encoders": "scorelens.encoders.registry:IMAGE_ENCODERS",
    "text_encoders": "scorelens.encoders.registry:TEXT_ENCODERS",
    "genre_models": "scorelens.genres.registry:MODELS",
    "tagger_models": "scorelens.tagger.registry:MODELS",
    "export_formats": "scorelens.exports.registry:FORMATS",
    "trailer_models": "scorelens.trailers.registry:MODELS",
}


def complete(config: dict, schemas: str | os.PathLike) -> dict:
    """Check a configuration and fill in every default.

    Parameters
    ----------
    config : dict
        As the user wrote it. An empty block is all defaults. It is not changed.
    schemas : path-like
        Folder of the schemas `STAGE.yaml`.

    Returns
    -------
    dict
        Paths are resolved: variables and `~` are expanded, and what exists as written comes first.

    Raises
    ------
    ConfigError
        With every unknown key, every key that is no text, and every value that is not allowed.
    """
    known = {path.stem: read_schema(path) for path in sorted(Path(schemas).glob("*.yaml"))}
    schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": {stage: {"default": {}, **block} for stage, block in known.items()},
    }
    schema["properties"]["seed"] = SEED_SCHEMA
    # An old block that sets nothing is no error.
    given = {key: block for key, block in config.items() if block or key not in RENAMED_KEYS}
    filled = _with_defaults(given, schema)
    errors = sorted(jsonschema.Draft202012Validator(schema).iter_errors(filled), key=str)
    problems = [problem for error in errors for problem in _config_problems(error)]
    if problems := [*_key_problems(filled), *problems]:
        raise ConfigError(problems)
    return filled


UNQUOTED = "YAML reads digits as a number, yes, no, on and off as truth, ~ and a blank as nothing"
SEED_SCHEMA = {
    "type": "integer",
    "minimum": 0,
    "default": 1,
    "description": "Seed of everything random: the demo corpus, the models, the bootstrap.",
}


def describe(schemas: str | os.PathLike) -> str:
    """Write the text of config/README.md: every key with type, default and meaning.

    Parameters
    ----------
    schemas : path-like
        Folder of the schemas `STAGE.yaml`.

    Returns
    -------
    str
        Markdown.
    """
    lines = [
        "# Configuration",
        "",
        "Made from `workflow/schemas` by `make docs`; do not edit. Give a file of your own with",
        "`snakemake --configfile MY.yaml`; keys that it leaves out have the values of",
        "`config/config.yaml`, and then these defaults.",
        "",
        "A `path` may begin with `~` or `~user` and hold variables (`$MEDIA`, `${MEDIA}`), and so",
        "may every path in a table; what exists just as it is written comes first. Names of",
        "libraries, searches and new media are ids: letters a-z, digits and underscores, 100 at",
        "most, and not the same ones 20 times over at the end.",
        "",
        *_key_table("top level", {"properties": {"seed": SEED_SCHEMA}}),
    ]
    for path in sorted(Path(schemas).glob("*.yaml")):
        lines += _key_table(f"`{path.stem}`", read_schema(path))
    return "\n".join(lines)


def read_schema(path: str | os.PathLike) -> dict:
    """Read the schema of a stage; the names in registries are filled in where it refers to one.

    `enum_from: NAME` adds the names of a registry in REGISTRIES to the values of `enum`;
    `default_from: NAME` makes all of them the default.

    Parameters
    ----------
    path : path
        A YAML file.

    Returns
    -------
    dict
        The JSON Schema.
    """
    schema = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    _fill_enumerations(schema)
    return schema


def _fill_enumerations(schema: object) -> None:
    if isinstance(schema, list):
        for part in schema:
            _fill_enumerations(part)
    elif isinstance(schema, dict):
        for part in schema.values():
            _fill_enumerations(part)
        if "enum_from" in schema:
            names = _registered(schema.pop("enum_from"))
            schema["enum"] = [*schema.get("enum", ()), *names]
        if "default_from" in schema:
            schema["default"] = _registered(schema.pop("default_from"))


def _registered(registry: str) -> list[str]:
    module, _, name = REGISTRIES[registry].partition(":")
    return list(getattr(importlib.import_module(module), name))


def _key_table(title: str, schema: dict) -> list[str]:
    head = ["| key | type | default | meaning |", "|---|---|---|---|"]
    rows = [
        f"| `{key}` | {kind} | {default} | {' '.join(meaning.split())} |".replace("<", "&lt;")
        for key, kind, default, meaning in _keys(schema, "")
    ]
    about = [schema["description"], ""] if "description" in schema else []
    return [f"## {title}", "", *about, *head, *rows, ""]


def _keys(schema: dict, prefix: str) -> Iterator[tuple[str, str, str, str]]:
    for name, part in schema["properties"].items():
        if "properties" in part:
            yield from _keys(part, f"{prefix}{name}.")
            continue
        kind = part.get("format", part.get("type", "any"))
        default = f"`{json.dumps(part['default'])}`" if "default" in part else "required"
        yield f"{prefix}{name}", _kind(kind, part), default, part["description"]


def _kind(kind: str | list[str], part: dict) -> str:
    allowed = part.get("enum") or part.get("items", {}).get("enum")
    words = ", ".join(f"`{value}`" for value in allowed) if allowed else str(kind)
    words = f"list of {words}" if kind == "array" and allowed else words
    low, high = part.get("minimum"), part.get("maximum")
    if low is not None or high is not None:
        words += f" {'' if low is None else low}..{'' if high is None else high}"
    return f"{words}, {part['unit']}" if "unit" in part else words


def _with_defaults(value: object, schema: dict) -> object:
    if isinstance(value, str) and not _may_be_text(value, schema):
        return _from_text(value)
    if isinstance(value, str) and schema.get("format") == "path":
        return paths.resolve(value)
    if value is None and schema.get("type") == "object":
        return _with_defaults({}, schema)
    if isinstance(value, list):
        return [_with_defaults(item, schema.get("items", {})) for item in value]
    if not isinstance(value, dict):
        return value
    named = schema.get("additionalProperties")
    if isinstance(named, dict):  # names that the user chose, such as 2001
        return {
            str(key) if type(key) is int else key: _with_defaults(item, named)
            for key, item in value.items()
        }
    filled = dict(value)
    for name, part in schema.get("properties", {}).items():
        if name not in filled and "default" in part:
            filled[name] = part["default"]
        if name in filled:
            filled[name] = _with_defaults(filled[name], part)
    return filled


def _may_be_text(value: str, schema: dict) -> bool:
    """Whether a text is meant as such: not if the schema lists values and has it as a number."""
    numbers = {str(allowed) for allowed in schema.get("enum", ()) if not isinstance(allowed, str)}
    return "string" in schema.get("type", "string") and value not in numbers


def _from_text(text: str) -> object:
    """The value behind a text: Snakemake hands on all that is inside a key of --config as text."""
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return text


def _key_problems(value: object, block: Sequence[object] = ()) -> Iterator[Problem]:
    """Keys that YAML reads as something else than text, below the keys of `block`."""
    for key, item in value.items() if isinstance(value, Mapping) else ():
        if not isinstance(key, str):
            what = f"has the key {key!r}, which is no text ({type(key).__name__})"
            hint = f"{UNQUOTED}: put the key in quotes"
            yield Problem(_key_path(block), what, "names for keys", hint)
        yield from _key_problems(item, [*block, key])


def _key_path(keys: Sequence[object]) -> str:
    """The path of a key, as messages name it."""
    return "config: " + (".".join(map(str, keys)) or "top level")


def _config_problems(error: jsonschema.ValidationError) -> Iterator[Problem]:
    where = _key_path(error.absolute_path)
    if error.validator == "additionalProperties":
        known = sorted(error.schema["properties"])
        for name in sorted(key for key in error.instance if isinstance(key, str)):
            if name not in known:
                old = ".".join([*map(str, error.absolute_path), name])
                new = RENAMED_KEYS.get(old)
                hint = f"it is called {new} now" if new else closest(name, known)
                yield Problem(where, f"has an unknown key {name!r}", f"one of {known}", hint)
        return
    meaning = error.schema.get("description", "")
    if error.validator == "type" and "string" in error.validator_value:
        meaning = f"{UNQUOTED}: put the value in quotes. {meaning}".strip()
    yield Problem(where, error.message, f"{error.validator}: {error.validator_value}", meaning)
