"""What every bench uses: rows, statistics, the browser, models, the report."""
