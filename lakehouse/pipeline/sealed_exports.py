"""`c360 unseal`: what an export sealed, for whom may have it."""

from pathlib import Path

from lakehouse.errors import InputError
from lakehouse.pipeline.audiences import require_audience_role
from lakehouse.pipeline.audit import record
from lakehouse.privacy.masking import require_identifiers
from lakehouse.settings.models import Settings
from lakehouse.storage.sealed_files import (
    AUDIENCE,
    SealedFile,
    opened,
    require_place,
    write_private,
)


def unseal(settings: Settings, path: Path, to: Path) -> None:
    """Writes what is in the sealed file to `to`, readable by its owner alone, and records it in the audit.

    Raises:
        AccessError: the session's role may not have it (an audience: one that reads for the product's
            purpose; anything else, and an audience whose product is gone: one that sees identifiers),
            or it cannot be recorded.
        InputError: it is no sealed file or was changed, or `to` is there already or cannot be written.
        ConfigurationError: its master key is not in conf.
    """
    require_place(to)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"{path} cannot be read ({type(error).__name__}).", "name a sealed file."
        ) from None
    file = opened(content, settings.lake)
    _require_access(settings, file)
    record(settings, action="export", surface="unseal", reason=f"{file.kind} {file.name}")
    write_private(to, file.content)


def _require_access(settings: Settings, file: SealedFile) -> None:
    product = next((p for p in settings.products if p.name == file.name), None)
    if file.kind == AUDIENCE and product is not None:
        require_audience_role(settings, product)
    else:
        require_identifiers(settings.roles.current)
