"""E-mail name assessor owns whether a name that one record lacks stands in its e-mail: 'J. Smith', john.smith@x.org."""

from collections.abc import Sequence

import numpy as np

from services.matching.engine.arrays import MISSING, Codes, Levels, Mask
from services.matching.engine.assessors import Assessed, Pairs, uncounted
from services.matching.engine.byte_texts import ByteTexts
from services.matching.engine.columns import Columns

WHOLE_NAME, ONE_NAME, NO_NAME = range(3)

SHORTEST_NAME = 4
"""Letters of a name that is looked for: shorter ones stand in words by chance."""


def assess_email_name(pairs: Pairs) -> Assessed:
    """Names of each record that the other one writes otherwise, or not at all, looked for in the other's e-mail.

    Records that share a local part say nothing more by it, nor do names that agree already.
    """
    levels = np.full(len(pairs), MISSING, np.int8)
    if not pairs.columns.has("email"):
        return uncounted(levels)
    parts = pairs.codes("given"), pairs.codes("family")
    open_rows = np.flatnonzero((parts[0][0] != parts[0][1]) | (parts[1][0] != parts[1][1]))
    for slot in range(pairs.columns["email"].codes.shape[1]):
        for other, email in enumerate(pairs.codes("email", (slot, slot))):
            names = [(codes[1 - other][open_rows], codes[other][open_rows]) for codes in parts]
            found = _in_email(pairs, names, email[open_rows])
            before = levels[open_rows]
            levels[open_rows] = np.where((found >= 0) & ((before < 0) | (found < before)), found, before)
    for both in pairs.slots("email_local"):
        left, right = pairs.codes("email_local", both)
        levels[(left == right) & (left >= 0)] = MISSING
    return uncounted(levels)


def name_found(open_names: Sequence[str], email: str) -> int:
    """Return the level of names that are open between two records, at least one, and an e-mail of the other."""
    local = email.rpartition("@")[0]
    found = sum(name in local for name in open_names)
    return WHOLE_NAME if found > 1 else ONE_NAME if found else NO_NAME


def _in_email(pairs: Pairs, names: list[tuple[Codes, Codes]], email: Codes) -> Levels:
    """Return the level of each pair's given and family name, each with the other's, in the other's e-mail."""
    levels = np.full(len(email), MISSING, np.int8)
    at = np.flatnonzero(email >= 0)
    email = email[at]
    known = [theirs[at] for _, theirs in names]
    asked, found = np.zeros(len(at), np.int8), np.zeros(len(at), np.int8)
    for part, (ours, _) in zip(("given", "family"), names, strict=True):
        name = ours[at]
        is_open = (name >= 0) & (name != known[0]) & (name != known[1])
        is_open &= pairs.columns.profile(part).lengths[name] >= SHORTEST_NAME if pairs.columns.has(part) else False
        asked += is_open
        found += _stands_in(pairs.columns, part, name, email, is_open, pairs.at_a_glance)
    levels[at] = np.where(asked == 0, MISSING, np.where(found > 1, WHOLE_NAME, np.where(found == 1, ONE_NAME, NO_NAME)))
    return levels


def _stands_in(columns: Columns, part: str, name: Codes, email: Codes, is_open: Mask, at_a_glance: bool) -> Mask:
    """Return where the name is a part of the local part; letters that the e-mail lacks rule most pairs out."""
    found = np.zeros(len(name), np.bool_)
    look = np.flatnonzero(is_open)
    letters = columns.profile(part).letters[name[look]] & ~columns.profile("email").letters[email[look]]
    look = look[letters == 0]
    if at_a_glance:
        found[look] = True
        return found
    names, emails = columns[part].values, columns["email"].values
    if isinstance(emails, ByteTexts):
        sought = columns.fact(f"{part} as bytes", lambda: ByteTexts.encoded(names))
        local_parts = columns.fact("local parts", lambda: emails.until_last(b"@"))
        found[look] = local_parts.chosen(email[look]).contain(sought.chosen(name[look]))
        return found
    pairs = zip(name[look].tolist(), email[look].tolist(), strict=True)
    found[look] = [(whole := emails[b]).find(names[a], 0, max(whole.rfind("@"), 0)) >= 0 for a, b in pairs]
    return found
