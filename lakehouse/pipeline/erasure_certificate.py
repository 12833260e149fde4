"""Whether a file is a certificate of this lake, told without a session."""

import json
from pathlib import Path

from lakehouse.errors import ExitCode, InputError
from lakehouse.privacy.certificate import is_genuine
from lakehouse.report import Report
from lakehouse.settings.models import Settings


def certificate_check(settings: Settings, file: Path) -> Report:
    """Says whether the certificate is as the lake wrote it; exit code 1 if it is not.

    Raises:
        InputError: the file holds no JSON object.
    """
    try:
        certificate = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        certificate = None
    if not isinstance(certificate, dict):
        raise InputError(
            f"{file} is no certificate.", "name a file that `c360 privacy erase prove --out` wrote."
        )
    if is_genuine(certificate, settings.lake.secret.get_secret_value()):
        return Report(lines=[f"{file} is as this lake wrote it."])
    changed = f"{file} was changed, or another lake wrote it, or this one under another secret."
    return Report(warnings=[changed], exit_code=ExitCode.FAILED)
