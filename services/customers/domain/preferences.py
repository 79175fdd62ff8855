"""What a customer likes and agrees to: what may be written, checked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from services.customers.domain.children import check_text
from services.customers.domain.fields import CONSENTS, Fields, Json
from services.customers.domain.limits import MOST
from services.runtime.failures import FieldCheck

LONGEST_PRODUCT = 255
LONGEST_TEXTS = {"preferred_payment": 64, "best_contact_time": 100}
LONGEST_PROOF = 255
AHEAD = timedelta(days=1)
LIKED = ("favorite_products", *LONGEST_TEXTS)
WRITABLE = (*LIKED, *CONSENTS)


def checked_likes(check: FieldCheck, draft: Mapping[str, Json], room: int = 0) -> Fields:
    """The fields of a draft that are no answers, as stored; every wrong one is noted.

    `room`: how many products beyond the limit it may have here, for its owner has merged customers.
    """
    fields: Fields = {}
    for name, longest in LONGEST_TEXTS.items():
        if name in draft:
            fields[name] = draft[name].strip()
            check_text(check, f"preferences.{name}", fields[name], longest)
    products = [product.strip() for product in draft.get("favorite_products", ())]
    most = MOST["favorite_products"] + room
    check.require(len(products) <= most, "preferences.favorite_products", f"takes up to {most} items")
    for place, product in enumerate(products[: most + 1]):
        good = product and len(product) <= LONGEST_PRODUCT and "\x00" not in product
        check.require(good, f"preferences.favorite_products[{place}]", f"takes 1 to {LONGEST_PRODUCT} characters")
    return {**fields, "favorite_products": list(dict.fromkeys(products))}


def check_proof(check: FieldCheck, proof: str, time: str | None, now: datetime) -> datetime:
    """When the answers of a request were given; what is wrong with that or with their proof is noted."""
    check_text(check, "consent_proof", proof, LONGEST_PROOF)
    if not check.require(time != "", "consent_time", "is no possible time") or time is None:
        return now
    since = datetime.fromisoformat(time)
    check.require(since <= now + AHEAD, "consent_time", "lies more than a day ahead")
    return since
