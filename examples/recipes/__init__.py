"""Recipes with other tools: a file for each, to copy from; docs/recipes.md has what they print."""
