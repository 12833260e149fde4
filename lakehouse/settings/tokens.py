"""The versions of token keys, as conf/base/tokens.yml lists them."""

from pydantic import Field, PositiveInt

from lakehouse.settings.base_types import Frozen
from lakehouse.settings.secrets import Referenced


class TokenSettings(Frozen):
    """`versions` by number: the greatest makes tokens, all of them resolve.

    Each names the secret that its keys are derived from; null stands for the lake's own.
    """

    versions: dict[PositiveInt, Referenced | None] = Field(min_length=1)

    def secrets(self, lake_secret: str) -> dict[int, str]:
        """By version, the secret that its keys are derived from."""
        return {
            version: lake_secret if secret is None else secret.get_secret_value()
            for version, secret in self.versions.items()
        }
