"""Single measurements: each module is a command that prints one table or writes one kind of record."""
