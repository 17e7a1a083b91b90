"""Parts of networks beside layers, and what trains and describes parts of all kinds."""
