"""The privacy notice (GDPR articles 13 and 14): what is held of persons and why, in plain words."""

from collections.abc import Iterator, Mapping, Sequence

from lakehouse.privacy.processing_record import HeldTable
from lakehouse.settings.purposes import Controller, Purpose
from lakehouse.settings.regimes import Regime, Right, Unknown
from lakehouse.settings.sources import Source
from lakehouse.tables.bronze import BRONZE_LINEAGE
from lakehouse.tables.silver import LINEAGE
from lakehouse.tables.spec import Layer, Sensitivity, TableSpec

_RIGHTS: Mapping[Right, str] = {
    Right.ACCESS: "to be told what we hold of you, and to get a copy",
    Right.PORTABILITY: "to get it in a form that machines read, and to take it elsewhere",
    Right.RECTIFICATION: "to have corrected what is wrong",
    Right.ERASURE: "to have it erased",
    Right.RESTRICTION: "to have it kept and not used while something is in dispute",
    Right.OBJECTION: "to object to what we do on the ground of our own interest, and to offers at any time",
    Right.OPT_OUT_OF_SALE: "to forbid that it is sold or shared for advertising",
}

_LAYERS: Mapping[Layer, str] = {
    Layer.BRONZE: "As it came in",
    Layer.SILVER: "Brought into one form",
    Layer.LINKAGE: "To recognise you",
    Layer.GOLD: "What we know of you",
    Layer.SERVE: "What our departments get of it",
    Layer.OPS: "To keep it right and safe",
}


def privacy_notice(
    held: Sequence[HeldTable],
    purposes: Mapping[str, Purpose],
    sources: Sequence[Source],
    controller: Controller,
    regime: Regime,
) -> str:
    """The notice for persons under that regime, as Markdown.

    Args:
        held: the record of processing, with the personal columns of each table.
        purposes: all purposes by name.
        sources: where data comes from.
        controller: who answers for it.
        regime: the law whose words, rights and days it tells.
    """
    fed = [s for s in sources if any(h.path and h.spec.name == s.bronze_table.name for h in held)]
    parts = (
        f"# What we hold of you, and why\n\nUnder the {regime.title}.",
        f"## Who answers for it\n\n{controller.name}. Write to: {controller.contact}.",
        _why(purposes, regime),
        f"## Where we have it from\n\n{_listed(s.description for s in fed)}",
        *_what(held, purposes),
        _rights(controller, regime),
    )
    # Conf's words are words: no page that is made of this runs them.
    return ("\n\n".join(parts) + "\n").replace("<", "&lt;")


def _why(purposes: Mapping[str, Purpose], regime: Regime) -> str:
    rows = [
        (p.title, p.text, regime.bases[p.legal_basis], ", ".join(p.recipients) or "nobody")
        for p in purposes.values()
    ]
    head = ("purpose", "what we do", "legal ground", "shared with")
    return f"## Why we use it\n\n{_table(head, rows)}" + "".join(_undecided(purposes, regime))


def _undecided(purposes: Mapping[str, Purpose], regime: Regime) -> Iterator[str]:
    words = {Unknown.OPT_IN: "Only if you agreed", Unknown.OPT_OUT: "Until you say no"}
    for default, said in words.items():
        titles = [
            purpose.title
            for name, purpose in purposes.items()
            if purpose.needs_consent and regime.unknown(name) is default
        ]
        if titles:
            yield f"\n\n{said}: {', '.join(titles)}. You can change your mind at any time."


def _what(held: Sequence[HeldTable], purposes: Mapping[str, Purpose]) -> Iterator[str]:
    yield "## What we hold, and for how long"
    about_persons = [table for table in held if table.path]
    for layer in sorted({table.spec.layer for table in about_persons}, key=list(Layer).index):
        rows = [
            (
                _category(table.spec.description),
                ", ".join(_told(table.spec)) or "keys alone",
                ", ".join(purposes[name].title for name in table.purposes),
                table.kept,
            )
            for table in about_persons
            if table.spec.layer is layer
        ]
        head = ("record", "what it says", "why", "kept")
        yield f"### {_LAYERS.get(layer, layer.value)}\n\n{_table(head, rows)}"


def _category(description: str) -> str:
    """What a row is, for who is no engineer: what follows `One row per`, as a sentence."""
    words = description.removeprefix("One row per ").removeprefix("record as it came. ")
    return words[:1].upper() + words[1:]


_LINEAGE = {c.name for c in (*BRONZE_LINEAGE, *LINEAGE) if not c.sensitivity.is_personal}


def _told(spec: TableSpec) -> list[str]:
    """What the table says of a person, in a row of hers the amounts and dates too; no keys, no lineage."""
    return [
        column.name.replace("_", " ")
        for column in spec.columns
        if column.sensitivity is not Sensitivity.PSEUDONYM and column.name not in _LINEAGE
    ]


def _rights(controller: Controller, regime: Regime) -> str:
    return (
        f"## Your rights\n\nYou have the right\n\n{_listed(_RIGHTS[r] for r in regime.rights)}\n\n"
        f"To ask, write to {controller.contact}. We confirm within {regime.acknowledge_days} days that "
        f"your request came, and answer within {regime.deadline_days} days"
        + (
            f", or {regime.extension_days} more if it is complex. "
            if regime.extension_days
            else ". "
        )
        + "".join(
            f"If you ask {_RIGHTS[right]}, within {days} days. "
            for right, days in regime.sooner.items()
        )
        + "We ask who you are before we tell anything. Which records are yours is found by comparing "
        "them; we tell you how, and correct it where it is wrong.\n\n"
        f"You may complain to {regime.complaint}."
    )


def _listed(lines: Iterator[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
