"""Exports to raw Parquet: decode, count fields, map by profile, check against the contract, pseudonymise."""

from orchestration.ingest.contract import Contract, ContractColumn, ContractTable, load_contract

__all__ = ["Contract", "ContractColumn", "ContractTable", "load_contract"]
