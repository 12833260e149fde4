"""The data dictionary: every table and column in words, from the specs alone."""

from collections.abc import Iterable

from lakehouse.tables.spec import Column, Layer, TableSpec

_HEAD = """# Data dictionary

{origin}

Sensitivity: `none`; `pseudonym` (an id that says nothing without other tables); `quasi_identifier`
(identifies with others); `direct_identifier` (identifies alone, or free text that may);
`special_category` (health, belief and the like, GDPR article 9).
"""


_OF_SPECS = "Generated from the table specs in `lakehouse/tables`; change the specs, not this file."


def dictionary(specs: Iterable[TableSpec], origin: str = _OF_SPECS) -> str:
    """The dictionary as Markdown: a list of tables and a section for each, in the given order.

    `origin` says in a sentence where that comes from.
    """
    tables = list(specs)
    listed = "\n".join(
        f"- [{spec.name}](#{_anchor(spec)}): {_words(spec.description)}" for spec in tables
    )
    sections = "\n".join(_section(spec) for spec in tables)
    return f"{_HEAD.format(origin=origin)}\n{listed}\n\n{sections}"


def _anchor(spec: TableSpec) -> str:
    return spec.name.replace(".", "")


def _section(spec: TableSpec) -> str:
    rows = "\n".join(_row(column, spec) for column in spec.columns)
    subject = " or ".join(f"`{name}`" for name in spec.subject_keys) or "none; not about persons"
    key = ", ".join(f"`{name}`" for name in spec.primary_key) or "none"
    return f"""## {spec.name}

{_words(spec.description)}

- Primary key: {key}
- Person by: {subject}
- Owner: {_words(spec.owner)}
- Purposes: {", ".join(spec.purposes)}
- Kept: {spec.retention_days} days
- Written by: {spec.write_mode.value}

| column | type | required | sensitivity | unit | meaning |
|---|---|---|---|---|---|
{rows}
"""


def _words(text: str) -> str:
    """Words of a file, which begin no line of Markdown and no tag of HTML."""
    return " ".join(text.split()).replace("<", "&lt;")


def _row(column: Column, spec: TableSpec) -> str:
    required = "yes" if column.required or column.name in spec.primary_key else ""
    made_from = ", ".join(f"`{name}`" for name in column.fed_by)
    is_told = spec.layer is Layer.SERVE and made_from
    meaning = f"{column.description} From {made_from}." if is_told else column.description
    cells = (
        f"`{column.name}`",
        f"`{column.type}`",
        required,
        column.sensitivity.value,
        _words(column.unit or ""),
        _words(meaning).replace("|", "\\|"),
    )
    return f"| {' | '.join(cells)} |"
