"""How requests of persons are dealt with, as conf/base/privacy_requests.yml says it."""

from lakehouse.settings.base_types import Frozen


class PrivacyRequestSettings(Frozen):
    """The whole of conf/base/privacy_requests.yml.

    With `four_eyes` who registered a request or checked the person's identity does not approve it.
    """

    four_eyes: bool = True
