"""What the database role of reports may read. What it may not see it cannot leak.

The grants themselves are in migrations; a test holds the two equal. Releases and their figures are
under row-level security besides: the role sees those that were published, and none in preparation.
"""

REPORTS_ROLE = "kinder_reports"

PUBLISHED_TABLES = (
    "indicators_figure",
    "indicators_quarter",
    "indicators_release",
    "places_area",
    "places_areaancestor",
    "places_geography",
    "places_population",
    "reports_benchmark",
)

PUBLISHED_VIEWS = (
    "reports_published_heard",
    "reports_published_response",
    "reports_published_story",
)
"""Of what communities tell: rows that stand published, never the tables behind them."""
