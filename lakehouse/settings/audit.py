"""Where the audit is kept and who acts, as conf/base/audit.yml says it."""

import os
import pwd

from lakehouse.settings.base_types import Frozen, LocalFolder, Text


class AuditSettings(Frozen):
    """The whole of conf/base/audit.yml. Places left out lie in and beside the lake's root."""

    folder: LocalFolder | None = None
    head_file: LocalFolder | None = None
    actor: Text | None = None


def machine_user() -> str:
    """The name by which the machine knows who runs this process."""
    number = os.geteuid()
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:  # a container may run under a number without a name
        return f"uid-{number}"
