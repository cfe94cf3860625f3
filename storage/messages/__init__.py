"""What is known of one message, and what follows from the messages of a contact.

In come events (storage/domain/events.py). Out go rows of table `messages` and, one contact at a time, its starts.

- From events to rows: `batch_merger` merges a batch, usual events by `fast_path`, others by `from_events` into a
  `message`, which `message_row` converts.
- From rows to starts: `classify` says what a message is by itself, `timeline` what follows from the contact's other
  messages, `start` what the start then is.
- In the database: `store` reads and writes rows, `lines` and `contacts` find whose an id is.

Must not know file formats, the cube, reports or the screen. Only `store`, `lines` and `contacts` know the database.
"""
