"""YAML without surprises: no key twice, no anchors (a few lines can stand for gigabytes), and every scalar is text."""

from __future__ import annotations

from typing import Any


def strict_yaml(text: str) -> Any:
    """Lists, mappings and text; an empty value is "". Raises ValueError with a sentence that names what is wrong."""
    import yaml

    class Loader(yaml.BaseLoader):
        """Refuses what it should not meet."""

        def compose_node(self, parent: Any, index: Any) -> Any:
            event = self.peek_event()  # type: ignore[no-untyped-call]
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                raise ValueError(f"line {event.start_mark.line + 1}: anchors and aliases are not taken")
            return super().compose_node(parent, index)

        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
            keys = [self.construct_object(key, deep=True) for key, _ in node.value]
            if not all(isinstance(key, str) for key in keys):
                raise ValueError(f"line {node.start_mark.line + 1}: a key is no text")
            twice = next((key for key in keys if keys.count(key) > 1), None) if len(set(keys)) < len(keys) else None
            if twice is not None:
                raise ValueError(f"line {node.start_mark.line + 1}: the key {twice!r} is there twice")
            return super().construct_mapping(node, deep)

    try:
        return yaml.load(text, Loader)  # noqa: S506 - makes text, lists and mappings alone
    except yaml.YAMLError as cause:
        mark = getattr(cause, "problem_mark", None)
        place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise ValueError(f"{place}{getattr(cause, 'problem', None) or 'it is no YAML'}") from cause
    except RecursionError as cause:
        raise ValueError("it is nested too deeply") from cause
