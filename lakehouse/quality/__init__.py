"""Quality gates: expectation suites, Great Expectations, row quarantine, records and Data Docs."""
