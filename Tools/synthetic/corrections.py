"""Corrections: retractions, retracted retractions, and customers that turn out to be the same person, or not."""
from synthetic.lines import DAY, HOUR, MINUTE


class Corrections:
    """Sprinkles corrections over the events as they are said. Needs events that carry ids."""

    def __init__(self, world):
        self.world, self.chance = world, world.chance
        world.retractor = self.consider
        self.saying = False

    def begin(self):
        """Sometimes two customers are found to be one."""
        world, chance = self.world, self.chance
        if chance.random() >= 0.012 or len(world.registered) < 3:
            return
        one, other = world.known(), world.known()
        if one is other or one.merged or other.merged:
            return
        self.merge(one, other)
        if chance.random() < 0.2:  # a chain: the survivor disappears as well
            third = world.known()
            if third is not one and third is not other and not third.merged:
                world.after(chance.span(HOUR, 30 * DAY), self.merge, other, third)

    def merge(self, one, other):
        """`one` disappears into `other`. Whoever was merged once never becomes a survivor, so there is no circle."""
        if one.merged or other.merged:
            return
        one.merged = True
        one.alive = False
        self.world.say("customer.merged", one.subject, '"into":"%s","rule":"same phone and name"' % other.subject)
        if self.chance.random() < 0.25:
            self.world.after(self.chance.span(HOUR, 60 * DAY), self.unmerge, one)

    def unmerge(self, one):
        one.alive = True
        self.world.say("customer.unmerged", one.subject, '"reason":"two people after all"')

    def consider(self, kind, subject, data, key, store):
        """Called after every event: some turn out to be wrong."""
        if subject is None or self.saying:
            return
        r, chance = self.chance.random(), self.chance
        share = {"customer.merged": 0.08, "customer.unmerged": 0.08, "event.retracted": 0.12}.get(kind, 0.006)
        if r < share:
            delay = chance.span(MINUTE, 40 * DAY)
            self.world.after(delay, self.retract, key, subject)
            if kind == "purchase.completed" and r < share * 0.6:  # the same order with another amount
                cents = 100 + chance.below(90_000)
                right = '"amount":"%d.%02d"' % (cents // 100, cents % 100)
                start = data.index('"amount"')
                stop = data.index(",", start)
                self.world.after(delay, self.world.say, kind, subject, data[:start] + right + data[stop:],
                                 '"causationid":"%s",' % key[1], store)

    def retract(self, key, subject):
        self.world.say("event.retracted", subject,
                       '"event":{"source":"%s","id":"%s"},"reason":"entered by mistake"' % key)
