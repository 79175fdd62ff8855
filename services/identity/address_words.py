"""Address words owns the lists that address parsing reads: abbreviations, units, regions."""

# ruff: noqa: SIM905 - word lists are read as text

ABBREVIATIONS = {
    long: short
    for short, longs in {
        "st": "street str saint strasse", "ave": "avenue av aven", "rd": "road", "dr": "drive", "ln": "lane",
        "ct": "court crt", "blvd": "boulevard boul", "pl": "place", "cir": "circle circ", "cres": "crescent cr",
        "sq": "square", "ter": "terrace terr tce", "pkwy": "parkway pky", "hwy": "highway", "trl": "trail",
        "cl": "close", "gr": "grove", "gdns": "gardens", "pde": "parade", "cct": "circuit", "esp": "esplanade",
        "mt": "mount", "ft": "fort", "n": "north", "s": "south", "e": "east", "w": "west", "ne": "northeast",
        "nw": "northwest", "se": "southeast", "sw": "southwest", "way": "wy", "bldg": "building", "fl": "floor",
        "po": "pobox",
    }.items()
    for long in longs.split()
}  # fmt: skip

UNITS = frozenset("apt apartment unit suite ste flat room rm no nr # lot".split())

REGIONS = {
    name: code
    for code, name in (
        pair.split(":")
        for pair in (
            "al:alabama,ak:alaska,az:arizona,ar:arkansas,ca:california,co:colorado,ct:connecticut,de:delaware,"
            "fl:florida,ga:georgia,hi:hawaii,id:idaho,il:illinois,in:indiana,ia:iowa,ks:kansas,ky:kentucky,"
            "la:louisiana,me:maine,md:maryland,ma:massachusetts,mi:michigan,mn:minnesota,ms:mississippi,"
            "mo:missouri,mt:montana,ne:nebraska,nv:nevada,nh:new hampshire,nj:new jersey,nm:new mexico,"
            "ny:new york,nc:north carolina,nd:north dakota,oh:ohio,ok:oklahoma,or:oregon,pa:pennsylvania,"
            "ri:rhode island,sc:south carolina,sd:south dakota,tn:tennessee,tx:texas,ut:utah,vt:vermont,"
            "va:virginia,wa:washington,wv:west virginia,wi:wisconsin,wy:wyoming,"
            "nsw:new south wales,vic:victoria,qld:queensland,tas:tasmania"
        ).split(",")
    )
}
