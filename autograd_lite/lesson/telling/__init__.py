"""The steps of the lesson in words and pictures: `text` and `figures`, made of `parts`."""
