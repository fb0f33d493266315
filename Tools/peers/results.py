"""What was measured: lines of JSON, and their medians."""
import json
import statistics


class Results:
    """A header and a line for each measurement; written as they come, so that an interrupted run leaves what it had."""

    def __init__(self, header, path=None):
        self.header, self.lines, self.errors = header, [], []
        self._file = open(path, "w", encoding="utf-8") if path else None
        self._write(header)

    @classmethod
    def read(cls, path):
        """The results of an earlier run."""
        with open(path, encoding="utf-8") as file:
            lines = [json.loads(line) for line in file]
        results = cls(lines[0])
        for line in lines[1:]:
            results.add(line)
        return results

    def _write(self, line):
        if self._file:
            self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
            self._file.flush()

    def add(self, line):
        (self.errors if "error" in line else self.lines).append(line)
        self._write(line)

    def of(self, system, test):
        """The measurements of one test: the quiet ones, if there are any."""
        found = [line for line in self.lines if line["system"] == system and line["test"] == test]
        return [line for line in found if not line.get("noisy")] or found

    def values(self, system, test, key):
        return [line[key] for line in self.of(system, test) if line.get(key) is not None]

    def median(self, system, test, key):
        """The middle value; None if nothing was measured."""
        values = self.values(system, test, key)
        return statistics.median(values) if values else None

    def is_noisy(self, system, test):
        return any(line.get("noisy") for line in self.of(system, test))

    def systems(self):
        return list(self.header["versions"])

    def disagreement(self):
        """Two systems whose folds of the same events differ; None if all agree."""
        digests = {}
        for line in self.lines:
            if line["test"] == "fold" and line.get("digest"):
                digests.setdefault(line["digest"], line["system"])
        return " and ".join(digests.values()) if len(digests) > 1 else None
