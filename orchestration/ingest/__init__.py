"""Exports to raw Parquet: decode, count fields, map by profile, check against the contract, pseudonymise."""

from orchestration.ingest.contract import Contract, ContractColumn, ContractTable, load_contract
from orchestration.ingest.report import IngestReport, LoadFigures, TableTotals
from orchestration.ingest.run import ingest

__all__ = [
    "Contract",
    "ContractColumn",
    "ContractTable",
    "IngestReport",
    "LoadFigures",
    "TableTotals",
    "ingest",
    "load_contract",
]
