"""The steps of the lesson in words and pictures: `text` and `figures`, as parts of a `layout`."""
