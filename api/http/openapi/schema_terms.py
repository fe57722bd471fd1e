"""What schemas are put together of: types of members, lists, objects, references to each other."""

from __future__ import annotations

from typing import Any, Final

__all__ = [
    "ANY",
    "DAY",
    "LEVEL",
    "MOMENT",
    "NUMBER",
    "PERHAPS",
    "PERHAPS_DAY",
    "PERHAPS_MOMENT",
    "SHA256",
    "TEXT",
    "WORDS",
    "YES",
    "Schema",
    "ref",
    "several",
    "thing",
]

Schema = dict[str, Any]

TEXT: Final[Schema] = {"type": "string"}
WORDS: Final[Schema] = {"type": ["string", "null"]}
NUMBER: Final[Schema] = {"type": "integer"}
PERHAPS: Final[Schema] = {"type": ["integer", "null"]}
YES: Final[Schema] = {"type": "boolean"}
DAY: Final[Schema] = {"type": "string", "format": "date"}
PERHAPS_DAY: Final[Schema] = {"type": ["string", "null"], "format": "date"}
MOMENT: Final[Schema] = {"type": "string", "format": "date-time"}
PERHAPS_MOMENT: Final[Schema] = {"type": ["string", "null"], "format": "date-time"}
SHA256: Final[Schema] = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
ANY: Final[Schema] = {"type": "object"}
LEVEL: Final[Schema] = {"type": "string", "description": "UNRATED, PLEDGED, NORMAL, … as the policy names its levels"}


def ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def several(of: Schema) -> Schema:
    return {"type": "array", "items": of}


def thing(description: str, *, optional: tuple[str, ...] = (), **members: Schema) -> Schema:
    """An object that always has its members, but for those that are optional."""
    return {
        "type": "object",
        "description": description,
        "required": [name for name in members if name not in optional],
        "properties": members,
    }
