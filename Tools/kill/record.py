"""What was sent and acknowledged, and what the log must therefore hold."""
import json

from .command import Violation, demand

COMPLETED = "import.completed"


class Record:
    """One log's promises: grows with each look at the log, and never takes anything back."""

    def __init__(self):
        self.sent = {}
        self.acknowledged = {}
        self.sequences = {}
        self.bytes = b""
        self.groups = []
        self.completed = set()
        self._unanswered = []
        self._unseen = []
        self._to_compare = []
        self._versions = {}
        self._recorded = ""

    @property
    def unseen(self):
        """How many requests are not in the log."""
        return len(self._unseen)

    @property
    def count(self):
        return len(self.sequences) + len(self.completed)

    # What goes in and what is answered

    def send(self, group):
        """Notes a request: all of it is in the log, or nothing. Returns whether it is sent for the first time."""
        if group[0].key in self.sent:
            return False
        for event in group:
            self.sent[event.key] = event
        self.groups.append(group)
        self._unanswered.append(group)
        self._unseen.append(group)
        return True

    def acknowledge(self, event, sequence, state, is_first):
        """Notes an acknowledgement; one that contradicts what is known is a violation.

        `is_first`: it answers the first sending, which may have been seen in the log before the answer came.
        """
        key = event.key
        known = self.acknowledged.get(key, self.sequences.get(key))
        demand(state in ("new", "duplicate"), f"{key} was acknowledged as {state!r}")
        if is_first:
            demand(state == "new", f"{key} was sent for the first time and is a duplicate")
        elif known is not None:
            demand(state == "duplicate", f"{key} is at {known}, and was acknowledged as new with {sequence}")
        demand(known in (None, sequence), f"{key} is at {known}, and was acknowledged with {sequence}")
        self.acknowledged[key] = sequence
        self._to_compare.append(key)

    def unanswered(self):
        """The requests that did not get all their answers, in the order in which they were sent."""
        self._unanswered = [group for group in self._unanswered
                            if any(event.key not in self.acknowledged for event in group)]
        return list(self._unanswered)

    # What the log holds

    def look(self, printed):
        """Takes what `touchline cat` prints now."""
        demand_start(printed, self.bytes, "the log does not begin with what it held before")
        self._take(printed[len(self.bytes):])
        self.bytes = printed
        # What was found once stays: the log still begins with it.
        for key in self._to_compare:
            found, told = self.sequences.get(key), self.acknowledged[key]
            demand(found == told, f"{key} was acknowledged with {told}, and is at {found}")
        self._to_compare = []
        for group in self._unseen:
            places = [self.sequences[event.key] for event in group if event.key in self.sequences]
            if places:
                whole = list(range(places[0], places[0] + len(group)))
                demand(places == whole, f"of a request of {len(group)} events from {group[0].key} there are {places}")
        self._unseen = [group for group in self._unseen if group[0].key not in self.sequences]

    def surplus(self, lines):
        """Checks whole lines past the head: what was sent, and not yet published."""
        for offset, line in enumerate(lines):
            event = self._content(line, json.loads(line), self.count + offset)
            demand(event is None or event.key not in self.acknowledged, f"acknowledged, but past the head: {line!r}")

    def _take(self, more):
        demand(not more or more.endswith(b"\n"), "`touchline cat` ends within a line")
        for line in more.split(b"\n")[:-1]:
            fields = json.loads(line)
            sequence = self.count
            event = self._content(line, fields, sequence)
            demand(fields["recordedtime"] >= self._recorded, f"recordedtime runs backwards: {line!r}")
            self._recorded = fields["recordedtime"]
            subject = fields.get("subject")
            if subject is not None:
                self._versions[subject] = self._versions.get(subject, 0) + 1
                demand(fields.get("subjectsequence") == self._versions[subject], f"not the next of {subject}: {line!r}")
            if event is None:
                demand(fields["id"] not in self.completed, f"completed twice: {line!r}")
                self.completed.add(fields["id"])
            else:
                demand(event.key not in self.sequences, f"{event.key} is there twice: {line!r}")
                self.sequences[event.key] = sequence

    def _content(self, line, fields, sequence):
        """The event that the line tells, which must be as it was sent; None for one that says an import is complete."""
        demand(fields["sequence"] == f"{sequence:020}", f"at {sequence} stands {line!r}")
        if fields["type"] == COMPLETED:
            return None
        event = self.sent.get((fields["source"], fields["id"]))
        demand(event is not None, f"nobody sent {line!r}")
        demand(fields["type"] == event.type and fields.get("subject") == event.subject, f"not as sent: {line!r}")
        demand(fields.get("time") == event.time, f"another time than was sent: {line!r}")
        demand(line.endswith(b',"data":' + event.data.encode() + b"}"), f"not the data {event.data}: {line!r}")
        return event


def demand_start(whole, start, message):
    """Demands that `whole` begins with `start`, and says where they part."""
    if whole.startswith(start):
        return
    at = next((i for i, (a, b) in enumerate(zip(start, whole)) if a != b), min(len(start), len(whole)))
    low, high = max(0, at - 80), at + 80
    raise Violation(f"{message}: at byte {at} of {len(start)} stands {whole[low:high]!r}, not {start[low:high]!r}")
