"""Importing tables: a campaign's roster of pledges, complaint outcomes of another source by a mapping file.

    file ─ tables ─► rows ─ roster | outcomes ─► plans ─ statements ─► items ─ sending ─► the service ─► report

Up to the plans, and from a row's course on to its report, everything is pure; `tables` reads, `service` asks.
"""
