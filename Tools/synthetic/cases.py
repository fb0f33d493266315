"""Complaints and tickets: from opened to resolved, and sometimes back."""
from synthetic import words
from synthetic.lines import DAY, HOUR, MINUTE


class Cases:
    """What goes wrong or is asked for, and how it is handled."""

    def __init__(self, world):
        self.world, self.chance = world, world.chance
        self.lives = None  # set by Lives

    def complain(self, customer):
        world, chance = self.world, self.chance
        case = world.number("X")
        order = ',"order":"%s"' % customer.order if customer.order and chance.random() < 0.6 else ""
        severity = chance.pick(("low", "normal", "normal", "normal", "high", "critical"))
        world.say("complaint.opened", customer.subject,
                  '"complaint":"%s","severity":"%s","category":"%s","channel":"%s","text":"%s"%s'
                  % (case, severity, chance.pick(words.CATEGORIES), chance.pick(words.CHANNELS),
                     self.lives.words(customer, words.COMPLAINTS_ZH, words.COMPLAINTS_EN), order))
        good = chance.random() < 0.75  # handled well: soon, and to an end
        self.handle(customer, "complaint", case, good)
        # Who is handled badly leaves for good more often; half the effect on the others.
        if chance.random() < world.complaint_effect * (0.5 if good else 1.0):
            world.after(chance.span(HOUR, 10 * DAY), self.leave, customer)

    def leave(self, customer):
        customer.alive = False

    def request(self, customer):
        world, chance = self.world, self.chance
        case = world.number("R")
        world.say("ticket.opened", customer.subject,
                  '"ticket":"%s","severity":"%s","category":"%s","channel":"%s","text":"%s"'
                  % (case, chance.pick(("low", "normal", "normal", "high")), chance.pick(words.TICKET_CATEGORIES),
                     chance.pick(words.CHANNELS), self.lives.words(customer, words.ASKS_ZH, words.ASKS_EN)))
        self.handle(customer, "ticket", case, chance.random() < 0.9)

    def handle(self, customer, family, case, good):
        """Assigned, answered and solved, each some while after the one before."""
        world, chance = self.world, self.chance
        named = '"%s":"%s"' % (family, case)
        slow = 1 if good else 6
        assigned = chance.span(MINUTE, 2 * HOUR) * slow
        answered = assigned + chance.span(10 * MINUTE, DAY) * slow
        agent = chance.pick(words.AGENTS)
        if chance.random() < 0.85:
            self.later(assigned, family + ".assigned", customer, '%s,"agent":"%s"' % (named, agent))
        r = chance.random()
        if r < 0.6:
            text = self.lives.words(customer, words.REPLIES_ZH, words.REPLIES_EN)
            self.later(answered, family + ".responded", customer, '%s,"agent":"%s","text":"%s"' % (named, agent, text))
        elif r < 0.85:
            world.after(answered, self.lives.call, customer, "," + named)
        else:
            world.after(answered, self.lives.answer, customer, "," + named, 1, world.number("TH", 6), "email")
        if chance.random() < 0.15:
            self.later(answered + chance.span(HOUR, DAY), family + ".waiting", customer,
                       '%s,"reason":"waiting for customer"' % named)
        if not good and chance.random() < 0.6:
            self.later(answered + chance.span(HOUR, 2 * DAY), family + ".escalated", customer,
                       '%s,"reason":"no answer in time"' % named)
        if good or chance.random() < 0.4:
            world.after(answered + chance.span(2 * HOUR, 5 * DAY), self.resolve, customer, family, case, agent, True)

    def later(self, delay, kind, customer, data):
        self.world.after(delay, self.world.say, kind, customer.subject, data)

    def resolve(self, customer, family, case, agent, may_return):
        world, chance = self.world, self.chance
        named = '"%s":"%s"' % (family, case)
        world.say(family + ".resolved", customer.subject, '%s,"agent":"%s","reason":"%s"'
                  % (named, agent, chance.pick(("refund", "replacement", "explained", "已补发", "已致歉并补偿"))))
        if chance.random() < 0.5:
            world.say(family + ".notified", customer.subject,
                      '%s,"channel":"%s"' % (named, chance.pick(words.CHANNELS)))
        r = chance.random()
        if r < 0.12 and may_return:
            world.after(chance.span(HOUR, 9 * DAY), self.reopen, customer, family, case, agent)
        elif r < 0.65:
            self.later(chance.span(DAY, 14 * DAY), family + ".closed", customer, named)
        if chance.random() < 0.2:
            world.after(chance.span(HOUR, 3 * DAY), self.lives.ask_opinion, customer, "%s %s" % (family, case))

    def reopen(self, customer, family, case, agent):
        """Most say so; some are simply assigned again, which reopens them as well."""
        named = '"%s":"%s"' % (family, case)
        if self.chance.random() < 0.8:
            self.world.say(family + ".reopened", customer.subject,
                           '%s,"reason":"%s"' % (named, self.chance.pick(words.NOTES_EN)))
        else:
            self.world.say(family + ".assigned", customer.subject,
                           '%s,"agent":"%s"' % (named, self.chance.pick(words.AGENTS)))
        if self.chance.random() < 0.9:
            self.world.after(self.chance.span(HOUR, 7 * DAY), self.resolve, customer, family, case, agent, False)
