"""What payroll opens: a workbook per period and a statement per person, made of the published rows."""
