"""A publication in a database that its readers ask with their own logins: PostgreSQL 15 and later.

What is loaded comes from a publication's folder alone. `catalogue` says what that is, `rights` who reads
which rows, `database` connects, `load` writes a schema nobody sees yet, `facts` compares what the server's
catalogue says with what was meant, `publish` does all of it as one transaction.
"""
