"""Turns files into events: recognises a file's format and reads its records.

In: a binary file and `Options`. Out: an `OpenedSource`, which gives events, rejects and ignored parts in file
order. A format is one module that ends with a `Format` object, and one entry in `formats.FORMATS`; `recognition` is the
way in.

Must not know: the database, how events become messages, and the screen.
"""
