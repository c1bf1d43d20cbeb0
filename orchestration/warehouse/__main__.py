"""`python -m orchestration.warehouse`: parse the dbt project once, at installation, for all states."""

from orchestration.warehouse.dbt import keep_parsed

if __name__ == "__main__":
    keep_parsed()
