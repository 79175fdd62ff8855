"""The default model owns the weights that are shipped: the start of learning, and its fall-back."""

from services.matching.domain.model import Comparison, Level, Model

DEFAULT_MODEL = Model(
    version="shipped-1",
    comparisons=(
        Comparison(
            "given",
            (
                Level("exact", 0.79, 0.01, 0.02, frequency_of="given"),
                Level("nickname", 0.06, 0.004, 0.004),
                Level("initial", 0.03, 0.01, 0.01),
                Level("middle name", 0.01, 0.002, 0.02, frequency_of="given"),
                Level("near", 0.06, 0.004, 0.004),
                Level("similar", 0.02, 0.03, 0.03),
                Level("different", 0.03, 0.94, 0.912),
            ),
            names_only=True,
        ),
        Comparison(
            "family",
            (
                Level("exact", 0.86, 0.002, 0.75, frequency_of="family"),
                Level("near", 0.06, 0.002, 0.02),
                Level("part", 0.02, 0.001, 0.01),
                Level("similar", 0.02, 0.02, 0.02),
                Level("different", 0.04, 0.975, 0.20),
            ),
            names_only=True,
        ),
        Comparison(
            "name_order",
            (Level("as written", 1.0, 1.0), Level("swapped", 0.02, 0.16)),
            learned=False,
            names_only=True,
        ),
        Comparison(
            "middle",
            (
                Level("exact", 0.70, 0.04, frequency_of="middle"),
                Level("initial", 0.20, 0.06),
                Level("different", 0.10, 0.90),
            ),
            given_lift=1.0,
            inherited=True,
            names_only=True,
        ),
        Comparison(
            "suffix",
            (Level("same", 0.95, 0.5, 0.2), Level("different", 0.05, 0.5, 0.8)),
            learned=False,
            names_only=True,
        ),
        Comparison(
            "organization",
            (
                Level("exact", 0.70, 0.002, 0.30, frequency_of="organization"),
                Level("near", 0.15, 0.003, 0.02),
                Level("different", 0.15, 0.995, 0.68),
            ),
        ),
        Comparison(
            "email",
            (
                Level("exact", 0.70, 0.00002, 0.05, frequency_of="email"),
                Level("same local part", 0.06, 0.0001, 0.005, frequency_of="email_local", among_namesakes=0.08),
                Level("near", 0.06, 0.00002, 0.005, among_namesakes=0.05),
                Level("other number", 0.02, 0.05, 0.10, among_namesakes=0.05, step=True),
                Level("different", 0.16, 0.94986, 0.84),
            ),
        ),
        Comparison(
            "email_name",
            (
                Level("whole name", 0.02, 0.00005, 0.002),
                Level("one name", 0.10, 0.004, 0.05),
                Level("none", 0.88, 0.99595, 0.948),
            ),
            learned=False,
            names_only=True,
        ),
        Comparison(
            "phone",
            (
                Level("exact", 0.75, 0.00002, 0.30, frequency_of="phone"),
                Level("part", 0.02, 0.0001, 0.003),
                Level("near", 0.03, 0.0001, 0.003, step=True),
                Level("neighbouring", 0.01, 0.025, 0.03, step=True),
                Level("different", 0.19, 0.97478, 0.664),
            ),
        ),
        Comparison(
            "address",
            (
                Level("exact", 0.68, 0.00002, 0.75, frequency_of="line"),
                Level("other unit", 0.03, 0.00001, 0.03, frequency_of="line"),
                Level("near", 0.10, 0.0001, 0.08),
                Level("same street", 0.04, 0.002, 0.02, frequency_of="street"),
                Level("same number", 0.03, 0.003, 0.02, frequency_of="house_number"),
                Level("different", 0.12, 0.99487, 0.10),
            ),
        ),
        Comparison(
            "locality",
            (
                Level("exact", 0.70, 0.002, 0.80, frequency_of="postcode"),
                Level("postcode", 0.08, 0.002, 0.05, frequency_of="postcode"),
                Level("city", 0.10, 0.01, 0.05, frequency_of="city"),
                Level("near", 0.06, 0.004, 0.02),
                Level("different", 0.06, 0.982, 0.08),
            ),
        ),
        Comparison(
            "birth_date",
            (
                Level("exact", 0.84, 0.0001, 0.01, frequency_of="birth_date"),
                Level("swapped", 0.02, 0.0001, 0.0005),
                Level("near", 0.07, 0.002, 0.01, step=True),
                Level("same year", 0.03, 0.015, 0.05, frequency_of="birth_year"),
                Level("close year", 0.02, 0.055, 0.17),
                Level("different", 0.02, 0.9278, 0.7595),
            ),
            given_lift=1.0,
        ),
        Comparison(
            "external_id",
            (
                Level("exact", 0.85, 0.00001, 0.01, frequency_of="external_id"),
                Level("near", 0.07, 0.0001, 0.05, step=True),
                Level("neighbouring", 0.01, 0.025, 0.05, step=True),
                Level("different", 0.07, 0.97489, 0.89),
            ),
        ),
    ),
)
