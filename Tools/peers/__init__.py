"""The parts of Tools/bench-peers: one module a concept, all of the Python standard library; clients/ is in C."""
