"""What the words mean: origins, statuses, filters, periods, failures, calendar days, events. Pure values and rules.

Everything else imports this room. It knows no database, no file and no screen.
"""
