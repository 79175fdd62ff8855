"""Words owns the lists that customers are drawn from: names by their US census frequency, nicknames, streets, mail."""

import importlib.util
import string
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Words = NDArray[np.object_]


def _words(text: str) -> list[str]:
    return text.split()


LETTERS = string.ascii_lowercase
_KEYBOARD = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "1234567890")
NEAR = {
    key: row[max(0, place - 1) : place] + row[place + 1 : place + 2]
    for row in _KEYBOARD
    for place, key in enumerate(row)
}

WAYS = (
    ("Street", "St"), ("Avenue", "Ave"), ("Road", "Rd"), ("Drive", "Dr"), ("Lane", "Ln"),
    ("Court", "Ct"), ("Boulevard", "Blvd"), ("Place", "Pl"), ("Circle", "Cir"), ("Way", "Way"),
)  # fmt: skip
WAY_SHARES = (0.26, 0.18, 0.14, 0.14, 0.09, 0.06, 0.04, 0.04, 0.03, 0.02)
STREETS = _words(
    "Main Oak Park Maple Cedar Elm Washington Lake Hill Pine Walnut Spring North Ridge Church Willow Mill Sunset"
    " Railroad Jackson Cherry West South Highland Forest River Meadow Center Broad Lincoln Jefferson Franklin Adams"
    " Chestnut Madison Dogwood Hickory Prospect Locust Grove",
)
MAIL = (
    "gmail.com", "yahoo.com", "hotmail.com", "outlook.com", "aol.com", "icloud.com",
    "comcast.net", "msn.com", "live.com", "att.net", "verizon.net", "proton.me",
)  # fmt: skip
MAIL_SHARES = (0.42, 0.17, 0.11, 0.09, 0.06, 0.05, 0.03, 0.02, 0.02, 0.01, 0.01, 0.01)
STATES = _words("CA TX FL NY PA IL OH GA NC MI NJ VA WA AZ MA TN IN MO MD WI CO MN SC AL LA KY OR OK CT UT")
TOWN_ENDINGS = ("ville", "ton", "field", " City", "burg", " Springs", "wood", "port")

_NICKNAMES = """william:bill,will,billy robert:bob,rob,bobby james:jim,jimmy,jamie john:jack,johnny
richard:rick,dick,rich michael:mike,mick thomas:tom,tommy charles:charlie,chuck joseph:joe,joey
daniel:dan,danny matthew:matt anthony:tony steven:steve stephen:steve kenneth:ken,kenny
edward:ed,eddie,ted ronald:ron timothy:tim jeffrey:jeff gregory:greg nicholas:nick
benjamin:ben samuel:sam patrick:pat alexander:alex,sandy raymond:ray lawrence:larry
gerald:jerry andrew:andy,drew peter:pete walter:walt,wally harold:harry frederick:fred
albert:al arthur:art philip:phil phillip:phil donald:don douglas:doug david:dave
christopher:chris jonathan:jon joshua:josh zachary:zach nathan:nate vincent:vince
theodore:ted,theo leonard:len,lenny francis:frank eugene:gene elizabeth:liz,beth,betty,lizzie
margaret:maggie,peggy,meg jennifer:jen,jenny patricia:pat,patty,trish barbara:barb
susan:sue,suzie katherine:kathy,kate,katie catherine:cathy,kate,katie deborah:debbie,deb
debra:debbie rebecca:becky jessica:jess kimberly:kim cynthia:cindy sandra:sandy
pamela:pam christine:chris,tina christina:tina,chris victoria:vicky,tori amanda:mandy
samantha:sam alexandra:alex,sandra judith:judy theresa:terri,terry teresa:terri jacqueline:jackie
dorothy:dot,dottie virginia:ginny mildred:millie josephine:josie angela:angie
stephanie:steph abigail:abby michelle:shelly gabrielle:gaby nicole:nikki eleanor:ellie,nell
suzanne:sue,suzie constance:connie frances:fran roberta:bobbie valerie:val melissa:missy"""
NICKNAMES = {
    full.capitalize(): tuple(short.capitalize() for short in shorts.split(","))
    for full, _, shorts in (entry.partition(":") for entry in _NICKNAMES.split())
}


@cache
def census(file: str) -> tuple[Words, Floats]:
    """Return the names of a file of the package `names`, and the share of people who bear each."""
    package = importlib.util.find_spec("names")
    assert package is not None
    assert package.origin is not None
    lines = (Path(package.origin).parent / file).read_text(encoding="ascii").splitlines()
    words, shares = zip(*(line.split()[:2] for line in lines), strict=True)
    known = np.array(shares, np.float64) + 0.0005  # the tail is rounded down to 0.000
    return np.array([word.capitalize() for word in words], object), known / known.sum()
