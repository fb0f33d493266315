"""The parts of Tools/kills: one module a concept, all of the Python standard library."""
