"""Name words owns the lists that name parsing reads: titles, generations, degrees and family particles."""

# ruff: noqa: SIM905 - word lists are read as text

TITLES = frozenset(
    "mr mrs ms miss mx dr prof professor sir madam dame lord lady rev reverend fr father hon judge capt captain"
    " col colonel gen general lt lieutenant maj major sgt sergeant herr frau monsieur madame mme mlle"
    " sr. sra srta don dona signor signora dott ing mag dipl".split()
)

GENERATIONS = {
    "jr": "jr", "junior": "jr", "jnr": "jr", "sr": "sr", "senior": "sr", "snr": "sr",
    "ii": "ii", "2nd": "ii", "iii": "iii", "3rd": "iii", "iv": "iv", "4th": "iv",
}  # fmt: skip

DEGREES = frozenset("phd md dds dvm esq esquire mba bsc msc ba ma rn cpa jd llb llm obe mbe cbe qc kc".split())

PARTICLES = frozenset(
    "van von der den de del della di da do dos das du la le el al bin ibn ben st saint san ter ten zu zum zur af"
    " mac mc o".split()
)
