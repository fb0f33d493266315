"""The parts of Tools/generate.py: words, lines and lives of a synthetic CRM. Nothing in here is about a real person."""
