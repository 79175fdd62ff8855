"""Splink on a generated customer file: prepare, learn without labels, predict, group; run by a Python that has it.

Run: PYTHON splink_run.py IN.csv GROUPS.csv

The model is the one that Splink's documents lead to for such a file: eight blocking rules, name, e-mail, phone and
address compared by its own levels, u from a million pairs, groups from probability 0.95.
"""

import sys

import duckdb
import splink.comparison_level_library as levels
import splink.comparison_library as comparisons
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

PREPARE = r"""
with a as (
  select id::bigint as rid, nullif(lower(trim(email)), '') as email,
    nullif(right(regexp_replace(phone, '\D', '', 'g'), 10), '') as phone,
    lower(strip_accents(regexp_replace(name, '^(mr|mrs|ms|dr)\.?\s+', '', 'i'))) as nm, lower(address) as addr
  from read_csv(?, header = true, all_varchar = true)),
b as (
  select *, case when contains(nm, ',') then trim(split_part(nm, ',', 2)) || ' ' || trim(split_part(nm, ',', 1))
    else nm end as full_raw from a),
c as (
  select *, string_split(
    trim(regexp_replace(regexp_replace(full_raw, '[^a-z ]', '', 'g'), '\s+', ' ', 'g')), ' ') as tok from b)
select rid, email, phone, nullif(tok[1], '') as first, nullif(tok[-1], '') as last,
  nullif(tok[1] || ' ' || tok[-1], ' ') as full_name, nullif(split_part(email, '@', 1), '') as email_user,
  nullif(regexp_extract(addr, '^(\d+)', 1), '') as house_no,
  nullif(regexp_extract(addr, '^\d+\s+([a-z'']+)', 1), '') as street,
  nullif(regexp_extract(addr, '(\d{5})$', 1), '') as zip
from c order by rid
"""
BLOCKING = (
    ("email",), ("phone",), ("last", "house_no"), ("first", "last", "zip"), ("house_no", "street", "substr(first,1,1)"),
    ("house_no", "zip", "substr(last,1,3)"), ("email_user", "substr(last,1,2)"), ("first", "last", "street"),
)  # fmt: skip


def model() -> SettingsCreator:
    """Return the comparisons and the blocking rules."""
    address = comparisons.CustomComparison(
        output_column_name="address",
        comparison_levels=[
            levels.Or(levels.NullLevel("house_no"), levels.NullLevel("street")),
            levels.And(
                levels.ExactMatchLevel("house_no"), levels.ExactMatchLevel("street"), levels.ExactMatchLevel("zip")
            ),
            levels.And(levels.ExactMatchLevel("house_no"), levels.JaroWinklerLevel("street", 0.88)),
            levels.Or(levels.ExactMatchLevel("zip"), levels.ExactMatchLevel("street")),
            levels.ElseLevel(),
        ],
    )
    names = comparisons.ForenameSurnameComparison("first", "last", forename_surname_concat_col_name="full_name")
    return SettingsCreator(
        unique_id_column_name="rid",
        link_type="dedupe_only",
        blocking_rules_to_generate_predictions=[block_on(*columns) for columns in BLOCKING],
        comparisons=[
            names,
            comparisons.EmailComparison("email"),
            comparisons.DamerauLevenshteinAtThresholds("phone", [1]),
            address,
        ],
    )


def main(customers: str, groups: str) -> None:
    """Group the file."""
    connection = duckdb.connect()
    prepared = connection.execute(PREPARE, [customers]).to_arrow_table()
    api = DuckDBAPI(connection=connection)
    linker = Linker(api.register(prepared), model(), log_level=None)
    training = linker.training
    sure = [block_on("email", "last"), block_on("phone", "first"), block_on("first", "last", "house_no")]
    training.estimate_probability_two_random_records_match(sure, recall=0.8)
    training.estimate_u_using_random_sampling(max_pairs=1e6, seed=2)
    for rule in (block_on("email"), block_on("phone"), block_on("first", "last", "house_no")):
        training.estimate_parameters_using_expectation_maximisation(
            rule, estimate_without_term_frequencies=True, max_pairs=2e6
        )
    predicted = linker.inference.predict(threshold_match_probability=0.01)
    clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(predicted, threshold_match_probability=0.95)
    found = clusters.query_sql("select rid as id, cluster_id as group_id from {this}").as_duckdbpyrelation()
    found.write_csv(groups, header=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
