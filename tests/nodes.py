"""Which node it is: `==` compares the numbers of Values."""


def same_nodes(some, others):
    """Whether these are the same Values, in the same order."""
    return [*map(id, some)] == [*map(id, others)]
