"""Leads, opportunities, quotes and contracts."""
from synthetic import words
from synthetic.lines import DAY, HOUR, MINUTE


class Deals:
    """What sales does: `capture` begins with a lead, `open` with an opportunity."""

    def __init__(self, world):
        self.world, self.chance = world, world.chance
        self.lives = None  # set by Lives

    # Leads

    def capture(self, customer):
        """A lead: most are strangers, known as lead:<id> until they qualify and become a customer."""
        world, chance = self.world, self.chance
        lead = world.number("L")
        place = world.stranger() if chance.random() < 0.75 else None
        subject = customer.subject if place is None else "lead:" + lead
        world.say("lead.captured", subject, '"lead":"%s","origin":"%s","product":"%s"'
                  % (lead, chance.pick(words.ORIGINS), chance.pick(words.PRODUCTS)))
        if chance.random() < 0.8:
            world.after(chance.span(MINUTE, DAY), world.say, "lead.assigned", subject,
                        '"lead":"%s","owner":"%s"' % (lead, chance.pick(words.AGENTS)))
        r = chance.random()
        if r < 0.45:
            world.after(chance.span(2 * DAY, 20 * DAY), self.qualify, customer, lead, subject, place)
        elif r < 0.85:
            world.after(chance.span(DAY, 40 * DAY), world.say, "lead.disqualified", subject,
                        '"lead":"%s","reason":"%s"' % (lead, chance.pick(words.LOST)))

    def qualify(self, customer, lead, subject, place):
        world, chance = self.world, self.chance
        opportunity = world.number("P")
        if place is not None and world.customers[place] is None:
            customer = self.lives.register(place, "lead")
        world.say("lead.qualified", subject, '"lead":"%s","opportunity":"%s"' % (lead, opportunity))
        if subject != customer.subject:
            world.say("customer.merged", subject, '"into":"%s","rule":"lead qualified"' % customer.subject)
        self.open(customer, opportunity, ',"lead":"%s"' % lead)

    # Opportunities

    def open(self, customer, opportunity=None, extra=""):
        world, chance = self.world, self.chance
        opportunity = opportunity or world.number("P")
        pipeline = (None, "enterprise", "renewal")[(chance.random() < 0.4) + (chance.random() < 0.15)]
        stages = words.PIPELINES[pipeline]
        amount = chance.span(100_000, 30_000_000)
        data = '"opportunity":"%s","name":"%s"' % (opportunity, self.title(customer))
        if pipeline:
            data += ',"pipeline":"%s"' % pipeline
        stage = stages[0]
        if chance.random() < 0.9:
            data += ',"stage":"%s"' % stage
        if chance.random() < 0.85:
            data += ',"amount":"%s","currency":"%s"' % (customer.money(amount), customer.currency)
        if chance.random() < 0.8:
            data += ',"owner":"%s"' % customer.owner
        if chance.random() < 0.4:
            data += ',"expected_close":"%s"' % world.stamps.date(world.now + chance.span(20 * DAY, 200 * DAY))
        world.say("opportunity.opened", customer.subject, data + extra)
        world.after(chance.span(HOUR, 30 * DAY), self.advance, customer, opportunity, pipeline, 0, amount, True)

    def title(self, customer):
        if customer.chinese:
            return self.chance.pick(words.COMPANIES_ZH) + self.chance.pick(("年度续费", "扩容项目", "首次采购"))
        return self.chance.pick(words.COMPANIES_EN) + self.chance.pick((" renewal", " seats", " first order"))

    def advance(self, customer, opportunity, pipeline, at, amount, may_return):
        """One step: on, back, elsewhere, or to an end; about a fifth are never touched again."""
        world, chance = self.world, self.chance
        stages = words.PIPELINES[pipeline]
        named = '"opportunity":"%s"' % opportunity
        r = chance.random()
        if r < 0.05:
            return
        if r < 0.15:
            world.say("opportunity.amount_changed", customer.subject, '%s,"amount":"%s","currency":"%s"' % (
                named, customer.money(amount * (80 + chance.below(50)) // 100), customer.currency))
        elif r < 0.20:
            world.say("opportunity.assigned", customer.subject, '%s,"owner":"%s"' % (named, chance.pick(words.AGENTS)))
        elif r < 0.27:
            self.lives.call(customer, ',"opportunity":"%s"' % opportunity)
        elif r < 0.40:
            self.lose(customer, opportunity, pipeline, at, amount, may_return)
            return
        elif at + 1 < len(stages):
            to = at - 1 if at > 0 and r < 0.44 else at + 2 if at + 2 < len(stages) and r < 0.50 else at + 1
            extra = ""
            if r > 0.985 and pipeline is None:
                pipeline, to = "enterprise", 1
                extra = ',"pipeline":"enterprise"'
            if chance.random() < 0.5:
                extra += ',"from":"%s"' % stages[at]
            world.say("opportunity.stage_changed", customer.subject,
                      '%s,"to":"%s"%s' % (named, words.PIPELINES[pipeline][to], extra))
            at = to
            if chance.random() < 0.3:
                self.quote(customer, opportunity, amount)
        else:
            self.win(customer, opportunity, amount)
            return
        world.after(chance.span(HOUR, 25 * DAY), self.advance, customer, opportunity, pipeline, at, amount, may_return)

    def lose(self, customer, opportunity, pipeline, at, amount, may_return):
        world, chance = self.world, self.chance
        reason = ',"reason":"%s"' % chance.pick(words.LOST) if chance.random() < 0.9 else ""
        world.say("opportunity.lost", customer.subject, '"opportunity":"%s"%s' % (opportunity, reason))
        if may_return and chance.random() < 0.12:
            world.after(chance.span(3 * DAY, 60 * DAY), self.reopen, customer, opportunity, pipeline, at, amount)
        elif chance.random() < 0.03:  # somebody moves it all the same; it stays lost
            world.after(chance.span(HOUR, 9 * DAY), world.say, "opportunity.stage_changed", customer.subject,
                        '"opportunity":"%s","to":"%s"' % (opportunity, words.PIPELINES[pipeline][-1]))

    def reopen(self, customer, opportunity, pipeline, at, amount):
        stage = ""
        if self.chance.random() < 0.4:
            at = 0
            stage = ',"stage":"%s"' % words.PIPELINES[pipeline][0]
        self.world.say("opportunity.reopened", customer.subject, '"opportunity":"%s"%s' % (opportunity, stage))
        self.advance(customer, opportunity, pipeline, at, amount, False)

    def win(self, customer, opportunity, amount):
        world, chance = self.world, self.chance
        price = ""
        if chance.random() < 0.6:
            price = ',"amount":"%s","currency":"%s"' % (customer.money(amount), customer.currency)
        world.say("opportunity.won", customer.subject, '"opportunity":"%s"%s' % (opportunity, price))
        if chance.random() < 0.7:
            contract = world.number("CT")
            world.after(chance.span(HOUR, 10 * DAY), self.sign, customer, opportunity, contract, amount, "signed")

    # Paper

    def quote(self, customer, opportunity, amount):
        world = self.world
        world.say("quote.sent", customer.subject,
                  '"quote":"%s","opportunity":"%s","amount":"%s","currency":"%s","valid_until":"%s"'
                  % (world.number("Q"), opportunity, customer.money(amount), customer.currency,
                     world.stamps.date(world.now + 30 * DAY)))

    def sign(self, customer, opportunity, contract, amount, what):
        world, chance = self.world, self.chance
        term = chance.pick((90, 180, 365)) * DAY
        named = ',"opportunity":"%s"' % opportunity if opportunity else ""
        world.say("contract." + what, customer.subject,
                  '"contract":"%s"%s,"amount":"%s","currency":"%s","starts":"%s","ends":"%s"'
                  % (contract, named, customer.money(amount), customer.currency, world.stamps.date(world.now),
                     world.stamps.date(world.now + term)))
        if customer.alive and chance.random() < 0.65:
            world.after(term - chance.span(HOUR, 20 * DAY), self.sign, customer, None, contract, amount, "renewed")
        else:
            world.after(chance.span(20 * DAY, term + DAY), world.say, "contract.ended", customer.subject,
                        '"contract":"%s","reason":"%s"' % (contract, chance.pick(words.LOST)))
