"""The wording: names of statuses and origins, numbers, dates, keys and their descriptions, why a key is unavailable.

In: values. Out: text for people. Knows no widget and no database.
"""
