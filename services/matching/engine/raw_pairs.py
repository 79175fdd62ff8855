"""Raw pairs owns the account of two rows of a file, once a scan of that file has learned what values are worth."""

from collections.abc import Mapping

from services.identity.addresses import join_address
from services.matching.domain.evidence import Explanation
from services.matching.domain.further import is_further
from services.matching.domain.identity_record import Identity, identify
from services.matching.engine.online import explain
from services.matching.engine.results import Result

__all__ = ["Explanation", "RawPairs", "identity_of_row"]

_ADDRESS_PARTS = ("street", "city", "region", "postal_code", "country")
_SEVERAL = "|"


class RawPairs:
    """Explains pairs of raw rows with the model and the frequencies of one scan."""

    def __init__(self, result: Result, region: str) -> None:
        self._model, self._frequencies, self._region = result.model, result.frequencies, region
        self._further = {comparison.name for comparison in result.model.comparisons if is_further(comparison.name)}

    def explain(self, left: Mapping[str, str], right: Mapping[str, str]) -> Explanation:
        """Return the waterfall of two rows; the weight is the one that the scan gave them."""
        return explain(self._identity(left), self._identity(right), self._model, self._frequencies)

    def equal(self, left: Mapping[str, str], right: Mapping[str, str]) -> bool:
        """Return whether two rows say the same once they are normalised: then a scan need not compare them."""
        return self._identity(left) == self._identity(right)

    def _identity(self, row: Mapping[str, str]) -> Identity:
        """Normalise a row without further columns that are no evidence."""
        kept = {name: value for name, value in row.items() if not is_further(name) or name in self._further}
        return identity_of_row(kept, self._region)


def identity_of_row(row: Mapping[str, str], region: str) -> Identity:
    """Normalise one row of a file as a scan does."""
    text = {field: value for field, value in row.items() if value}
    parts = (text.get(part, "") for part in _ADDRESS_PARTS)
    return identify(
        name=text.get("name", ""),
        given_name=text.get("given_name", ""),
        middle_name=text.get("middle_name", ""),
        family_name=text.get("family_name", ""),
        suffix=text.get("suffix", ""),
        organization=text.get("organization", ""),
        emails=text.get("email", "").split(_SEVERAL),
        phones=text.get("phone", "").split(_SEVERAL),
        addresses=[text["address"] if "address" in text else join_address(*parts)],
        birth_date=text.get("birth_date", ""),
        external_ids=text.get("external_id", "").split(_SEVERAL),
        further={name: value for name, value in text.items() if is_further(name)},
        country=text.get("country", ""),
        region=region,
    )
