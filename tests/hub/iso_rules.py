"""Holds ISO 20022 bytes to the published structure: strict reading, then every field's own rule.

The message classes carry each field's length, pattern and number of times; they are walked here
one by one, beside the validator that comes with them.
"""

import re
from dataclasses import fields, is_dataclass
from decimal import Decimal
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from typing import Any

import pyiso20022
from xsdata.formats.dataclass.parsers import XmlParser
from xsdata.formats.dataclass.parsers.config import ParserConfig
from xsdata.formats.dataclass.parsers.handlers import XmlEventHandler


def read_strictly(message: bytes, document: type[Any]) -> Any:
    """The message as its class; fails on an unknown element, attribute or a value of wrong type."""
    config = ParserConfig(
        fail_on_unknown_properties=True,
        fail_on_unknown_attributes=True,
        fail_on_converter_warnings=True,
    )
    return XmlParser(config=config, handler=XmlEventHandler).from_bytes(message, document)


def broken_rules(value: Any, where: str = "") -> list[str]:
    """Where a message breaks a rule of its published structure; empty when it does nowhere."""
    if not is_dataclass(value):
        return []
    found = []
    for item in fields(value):
        inner = getattr(value, item.name)
        rules = item.metadata
        path = f"{where}.{item.name}"
        several = inner if isinstance(inner, list) else [] if inner is None else [inner]
        if rules.get("required") and not several:
            found.append(f"{path} is missing")
        if not rules.get("min_occurs", 0) <= len(several) <= rules.get("max_occurs", len(several)):
            found.append(f"{path} stands {len(several)} times")
        for one in several:
            found += _broken_by(one, rules, path) + broken_rules(one, path)
    return found


def _broken_by(value: Any, rules: Any, path: str) -> list[str]:
    if isinstance(value, str):
        fits = rules.get("min_length", 0) <= len(value) <= rules.get("max_length", len(value))
        pattern = rules.get("pattern")
        fits = fits and (pattern is None or re.fullmatch(pattern, value) is not None)
        return [] if fits else [f"{path} is {value!r}"]
    if isinstance(value, Decimal):
        _, digits, exponent = value.as_tuple()
        assert isinstance(exponent, int)
        fits = (
            value >= rules.get("min_inclusive", value)
            and len(digits) <= rules.get("total_digits", 18)
            and -exponent <= rules.get("fraction_digits", 17)
        )
        return [] if fits else [f"{path} is {value}"]
    return []


def library_errors(document: Any) -> list[str]:
    """What the validator of the message library finds. It is loaded from its file, because its
    package wants spreadsheet libraries that have no part in it."""
    path = Path(str(pyiso20022.__file__)).parent / "tools" / "validation.py"
    loader = SourceFileLoader("iso_validation", str(path))
    spec = spec_from_loader(loader.name, loader)
    assert spec is not None
    module = module_from_spec(spec)
    loader.exec_module(module)
    result = module.validate_message(document, strict=False)
    return [str(error) for error in result.errors]
