"""Rules as text: a rule is called on symbols, and a printer for each language writes them down."""
