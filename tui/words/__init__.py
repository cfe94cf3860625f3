"""How it is said: names of statuses and origins, numbers, dates, the keys and what they do, why a key is unavailable.

In: values. Out: text for people. Knows no widget and no database.
"""
