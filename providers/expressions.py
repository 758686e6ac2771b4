"""JMESPath expressions of an operator: checked when they are read, silent when they find nothing."""

from collections.abc import Iterator, Mapping
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError
from jmespath.functions import Functions

from providers.base import Expression


def compiled(text: str) -> Expression:
    """The expression, ready to search with. Raises ValueError, with the place, for what is none."""
    try:
        parsed = jmespath.compile(text)
    except JMESPathError as error:
        raise ValueError(f"is not JMESPath: {str(error).splitlines()[0]}") from None
    for node in _nodes(parsed.parsed):
        if node["type"] == "function_expression" and node["value"] not in Functions.FUNCTION_TABLE:
            raise ValueError(f"is not JMESPath: there is no function {node['value']}()")
    return _Search(parsed)


def _nodes(node: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(node, dict):
        yield node
        for child in node.get("children", ()):
            yield from _nodes(child)


class _Search:
    """A compiled expression that finds nothing where it does not fit."""

    __slots__ = ("parsed",)

    def __init__(self, parsed: jmespath.parser.ParsedResult) -> None:
        self.parsed = parsed

    def __call__(self, document: Any) -> Any:
        try:
            return self.parsed.search(document)
        except (ArithmeticError, AttributeError, RecursionError, TypeError, ValueError):
            return None


def literals(expression: Expression | None) -> frozenset[str]:
    """The texts that an expression can come up with by itself."""
    if not isinstance(expression, _Search):
        return frozenset()
    values = (node["value"] for node in _nodes(expression.parsed.parsed) if node["type"] == "literal")
    return frozenset(value for value in values if isinstance(value, str))
