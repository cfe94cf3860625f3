"""What are the numbers of the starts that a filter selects?

In: a connection, a filter and the current time; a ReadSession holds the transaction in which everything is read. Out: a
Report, the grouped sends, and the choices of a filter's fields. The numbers come from the cube, and where it cannot
answer from the messages. This room writes nothing, and knows no screen, no import and no single start.

docs/definitions.md defines every number.
"""
