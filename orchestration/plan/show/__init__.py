"""How a plan is shown: on a terminal, as JSON, as a page, as a workbook; words of `labels.yml`."""
