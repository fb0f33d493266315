"""What customers do and what is done to them: one short function a thing, most of which lead to later ones."""
from synthetic import words
from synthetic.lines import DAY, HOUR, MINUTE
from synthetic.world import Customer


class Lives:
    """All families but leads, opportunities, contracts (deals.py), cases (cases.py), campaigns and corrections."""

    def __init__(self, world, deals, cases):
        self.world, self.chance, self.deals, self.cases = world, world.chance, deals, cases
        deals.lives = cases.lives = self
        # What begins, and how often of 1000.
        self.table = []
        for weight, act in (
                (270, self.buy), (170, self.browse), (110, self.call), (170, self.chat), (22, self.meet),
                (28, cases.complain), (50, cases.request), (36, deals.open), (22, deals.capture), (30, self.change),
                (24, self.plan), (14, self.consent), (10, self.use_points), (24, self.look), (14, self.odd),
                (5, self.ask_opinion), (1, self.erase)):
            self.table += [act] * weight

    def begin(self):
        world = self.world
        act = self.chance.pick(self.table)
        for _ in range(6):
            place = world.draw()
            customer = world.customers[place]
            if customer is None:
                customer = self.register(place)
                if self.chance.random() < 0.3:
                    return
            if customer.alive:
                act(customer)
                return
        world.say("record.viewed", customer.subject, '"by":"%s","reason":"inactive customer, quarterly check"'
                  % self.chance.pick(words.AGENTS))

    # Who the customer is

    def register(self, place, origin=None):
        world, chance = self.world, self.chance
        customer = Customer("C-%06d" % (place + 1), chance)
        world.customers[place] = customer
        world.registered.append(customer)
        name, company = self.name(customer.chinese), ""
        if chance.random() < 0.15:
            firm = chance.pick(words.COMPANIES_ZH if customer.chinese else words.COMPANIES_EN)
            company = ',"company":"%s","kind":"company"' % firm
        elif chance.random() < 0.5:
            company = ',"kind":"person"'
        birthday = ""
        if chance.random() < 0.5:
            birthday = ',"birthday":"%d-%02d-%02d"' % (
                1950 + chance.below(56), 1 + chance.below(12), 1 + chance.below(28))
        world.say("customer.registered", customer.subject,
                  '"name":"%s","phone":"+86 100 %04d %04d","email":"c%06d@example.%s"%s%s,"origin":"%s","owner":"%s"'
                  % (name, chance.below(10000), chance.below(10000), place + 1, "cn" if customer.chinese else "com",
                     birthday, company, origin or chance.pick(words.ORIGINS), customer.owner))
        if chance.random() < 0.6:
            world.say("consent.given", customer.subject, '"purpose":"marketing","channel":"%s","basis":"sign-up form"'
                      % chance.pick(("email", "sms", "wechat")))
        if chance.random() < 0.35:
            self.identify(customer)
        return customer

    def name(self, chinese):
        if chinese:
            return self.chance.pick(words.SURNAMES) + self.chance.pick(words.GIVEN)
        return self.chance.pick(words.FIRST) + " " + self.chance.pick(words.LAST)

    def identify(self, customer):
        world, chance = self.world, self.chance
        kind = chance.pick(("wechat", "device", "erp", "email", "phone"))
        value = {"wechat": "wx_synthetic_%08x", "device": "dev-%08x", "erp": "ERP%010d", "email": "m%08x@example.org",
                 "phone": "+86 100 %010d"}[kind] % chance.bits(32)
        world.say("identity.linked", customer.subject, '"kind":"%s","value":"%s"' % (kind, value))
        if chance.random() < 0.1:
            world.after(chance.span(DAY, 90 * DAY), world.say, "identity.unlinked", customer.subject,
                        '"kind":"%s","value":"%s"' % (kind, value))

    def words(self, customer, chinese, english):
        """One thing said, or two."""
        pool = chinese if customer.chinese else english
        first = self.chance.pick(pool)
        second = self.chance.pick(pool) if self.chance.random() < 0.5 else first
        return first if first == second else first + "; " + second

    def change(self, customer):
        world, chance, r = self.world, self.chance, self.chance.random()
        if r < 0.3:
            field, value = chance.pick((
                ("email", "new%06x@example.com" % chance.bits(24)), ("phone", "+86 100 %08d" % chance.below(10 ** 8)),
                ("city", chance.pick(words.PLACES)), ("name", self.name(customer.chinese)),
                ("language", chance.pick(("zh", "en"))), ("company", chance.pick(words.COMPANIES_ZH))))
            more = ',"preferred_channel":"%s"' % chance.pick(words.CHANNELS) if chance.random() < 0.3 else ""
            world.say("customer.updated", customer.subject, '"set":{"%s":"%s"%s}' % (field, value, more),
                      '"authid":"%s",' % chance.pick(words.AGENTS))
        elif r < 0.6:
            tags = customer.tags = customer.tags or []
            if tags and chance.random() < 0.4:
                world.say("customer.untagged", customer.subject, '"tag":"%s"' % tags.pop(chance.below(len(tags))))
            else:
                tag = chance.pick(words.TAGS)
                if tag not in tags:
                    tags.append(tag)
                world.say("customer.tagged", customer.subject, '"tag":"%s"' % tag)
        elif r < 0.75:
            customer.tier = max(0, min(3, customer.tier + (1 if chance.random() < 0.7 else -1)))
            world.say("customer.tier_changed", customer.subject, '"to":"%s","rule":"spend-12m"'
                      % words.TIERS[customer.tier])
        elif r < 0.9:
            customer.owner = chance.pick(words.AGENTS)
            team = ',"team":"%s"' % chance.pick(words.TEAMS) if chance.random() < 0.6 else ""
            world.say("customer.assigned", customer.subject, '"owner":"%s"%s' % (customer.owner, team))
        else:
            self.identify(customer)

    # What customers do

    def buy(self, customer, order=None, extra=""):
        world, chance = self.world, self.chance
        order = order or world.number("O", 7)
        items = chance.span(1, 9)
        cents = 0 if chance.random() < 0.004 else items * chance.span(900, 60_000)
        amount = customer.money(cents)
        products, rest = "", cents
        for _ in range(min(items, 3) if chance.random() < 0.3 else 0):
            part = rest // 2
            rest -= part
            products += '{"product":"%s","quantity":%d,"amount":"%s"},' % (
                chance.pick(words.PRODUCTS), 1 + chance.below(3), customer.money(part))
        listed = ',"lines":[%s]' % products[:-1] if products else ',"product":"%s"' % chance.pick(words.PRODUCTS)
        extension = '"correlationid":"cart-%08x",' % chance.bits(32) if chance.random() < 0.3 else ""
        world.say("purchase.completed", customer.subject,
                  '"order":"%s","amount":"%s","currency":"%s","items":%d,"channel":"%s"%s%s'
                  % (order, amount, customer.currency, items, chance.pick(words.SHOPS), listed, extra), extension,
                  store=customer.store)
        customer.order, customer.orders = order, customer.orders + 1
        r = chance.random()
        if r < 0.45 and cents >= 100:
            customer.points += cents // 100
            world.say("points.earned", customer.subject, '"points":%d,"order":"%s"' % (cents // 100, order))
        elif r < 0.50:
            world.after(chance.span(DAY, 30 * DAY), self.refund, customer, order, cents)
        elif r < 0.53:
            world.after(chance.span(MINUTE, 2 * DAY), world.say, "purchase.cancelled", customer.subject,
                        '"order":"%s","reason":"%s"' % (order, chance.pick(words.REFUNDS)), "", customer.store)
        elif r < 0.54:  # the rest of the order, sent and billed later
            world.after(chance.span(DAY, 9 * DAY), world.say, "purchase.completed", customer.subject,
                        '"order":"%s","amount":"%s","currency":"%s","items":1,"channel":"store"'
                        % (order, customer.money(chance.span(500, 9000)), customer.currency), "", customer.store)
        elif r < 0.60:
            world.after(chance.span(2 * DAY, 9 * DAY), self.ask_opinion, customer, "order " + order)
        if chance.random() < customer.leaving:
            customer.alive = False

    def refund(self, customer, order, cents):
        chance, r = self.chance, self.chance.random()
        reason = '"reason":"%s"' % chance.pick(words.REFUNDS)
        if r < 0.4 or cents < 100:
            data = '"order":"%s",%s' % (order, reason)
        elif r < 0.9:
            data = '"order":"%s","amount":"%s","currency":"%s",%s' % (
                order, customer.money(1 + chance.below(cents)), customer.currency, reason)
        else:  # a goodwill payment that names no order
            data = '"amount":"%s","currency":"%s",%s' % (
                customer.money(1 + chance.below(3000)), customer.currency, reason)
        self.world.say("purchase.refunded", customer.subject, data, store=customer.store)

    def browse(self, customer, left=None):
        world, chance = self.world, self.chance
        left = 1 + chance.below(4) if left is None else left
        world.say("product.viewed", customer.subject,
                  '"product":"%s","channel":"%s","session":"%08x","seconds":%d,"from_page":"/%s/%s"'
                  % (chance.pick(words.PRODUCTS), chance.pick(("web", "app", "wechat")), chance.bits(32),
                     chance.span(2, 400),
                     chance.pick(("search", "category", "campaign", "home")), chance.pick(words.PRODUCTS)))
        if left > 1:
            world.after(chance.span(5000, 5 * MINUTE), self.browse, customer, left - 1)

    def call(self, customer, about=""):
        world, chance = self.world, self.chance
        outbound = chance.random() < 0.55
        note = self.words(customer, words.NOTES_ZH, words.NOTES_EN)
        later = ""
        if chance.random() < 0.15:
            later = ',"next":"%s"' % world.stamps.utc(world.now + chance.span(HOUR, 14 * DAY))
        world.say("call.completed", customer.subject,
                  '"direction":"%s","seconds":%d,"outcome":"%s","agent":"%s","note":"%s"%s%s'
                  % ("outbound" if outbound else "inbound", chance.span(0, 1800), chance.pick(words.OUTCOMES),
                     chance.pick(words.AGENTS), note, later, about))

    def chat(self, customer, about="", left=None, thread=None, channel=None):
        """A thread: the customer asks, an agent answers, some of them several times."""
        world, chance = self.world, self.chance
        if thread is None:
            left, thread, channel = 1 + chance.below(3), world.number("TH", 6), chance.pick(words.CHANNELS)
        world.say("message.received", customer.subject, '"channel":"%s","thread":"%s","text":"%s"%s'
                  % (channel, thread, self.words(customer, words.ASKS_ZH, words.ASKS_EN), about))
        if chance.random() < 0.85:
            world.after(chance.span(MINUTE, 8 * HOUR), self.answer, customer, about, left, thread, channel)

    def answer(self, customer, about, left, thread, channel):
        world, chance = self.world, self.chance
        world.say("message.sent", customer.subject, '"channel":"%s","thread":"%s","agent":"%s","text":"%s"%s'
                  % (channel, thread, chance.pick(words.AGENTS),
                     self.words(customer, words.REPLIES_ZH, words.REPLIES_EN), about))
        if left > 1:
            world.after(chance.span(MINUTE, DAY), self.chat, customer, about, left - 1, thread, channel)

    def meet(self, customer):
        chance = self.chance
        note = self.words(customer, words.NOTES_ZH, words.NOTES_EN)
        self.world.say(chance.pick(("meeting.held", "visit.made")), customer.subject,
                       '"agent":"%s","place":"%s","note":"%s"'
                       % (customer.owner, chance.pick(words.PLACES), note))

    def consent(self, customer):
        chance = self.chance
        purpose = chance.pick(("marketing", "profiling", "analytics"))
        given = chance.random() < 0.6
        basis = ',"basis":"preference centre"' if given else ""
        self.world.say("consent.given" if given else "consent.withdrawn", customer.subject,
                       '"purpose":"%s","channel":"%s"%s' % (purpose, chance.pick(("email", "sms", "wechat")), basis))

    def use_points(self, customer):
        world, chance, r = self.world, self.chance, self.chance.random()
        if customer.points < 10:
            world.say("points.adjusted", customer.subject,
                      '"points":%d,"reason":"welcome gift"' % (10 + chance.below(90)))
            return
        used = 1 + chance.below(customer.points)
        customer.points -= used
        if r < 0.6:
            world.say("points.redeemed", customer.subject, '"points":%d,"reason":"voucher"' % used)
        elif r < 0.85:
            world.say("points.expired", customer.subject, '"points":%d' % used)
        else:
            world.say("points.adjusted", customer.subject, '"points":%d,"reason":"账户更正"' % -used)

    # What is done to them

    def plan(self, customer):
        world, chance = self.world, self.chance
        task, wait = world.number("K", 6), chance.span(HOUR, 21 * DAY)
        world.say("task.scheduled", customer.subject, '"task":"%s","due":"%s","owner":"%s","about":"%s"'
                  % (task, world.stamps.utc(world.now + wait), customer.owner,
                     self.words(customer, words.NOTES_ZH, words.NOTES_EN)))
        r = chance.random()
        if r < 0.72:
            world.after(wait // 2 + chance.below(wait + 1), self.finish_task, customer, task)
        elif r < 0.84:
            world.after(chance.below(wait + 1), world.say, "task.cancelled", customer.subject,
                        '"task":"%s","reason":"no longer needed"' % task)

    def finish_task(self, customer, task):
        if self.chance.random() < 0.5:
            self.call(customer, ',"task":"%s"' % task)
        self.world.say("task.completed", customer.subject, '"task":"%s"' % task)

    def ask_opinion(self, customer, about="relationship"):
        world, chance = self.world, self.chance
        survey = world.number("S", 6)
        world.say("survey.sent", customer.subject, '"survey":"%s","channel":"%s","about":"%s"'
                  % (survey, chance.pick(words.CHANNELS), about))
        if chance.random() < 0.4:
            top, r = (10, chance.random()) if chance.random() < 0.6 else (5, chance.random())
            low = 0 if top == 10 else 1
            score = low + int((1.0 - r * r) * (top - low + 0.999))
            text = ""
            if chance.random() < 0.5:
                text = ',"text":"%s"' % chance.pick(words.ANSWERS_ZH if customer.chinese else words.ANSWERS_EN)
            world.after(chance.span(HOUR, 6 * DAY), world.say, "survey.answered", customer.subject,
                        '"survey":"%s","score":%d,"scale_min":%d,"scale_max":%d,"about":"%s"%s'
                        % (survey, score, low, top, about, text))

    def look(self, customer):
        world, chance = self.world, self.chance
        agent = chance.pick(words.AGENTS)
        if chance.random() < 0.95:
            world.say("record.viewed", customer.subject,
                      '"by":"%s","reason":"%s"' % (agent, chance.pick(words.VIEW_REASONS)), '"authid":"%s",' % agent)
        else:
            world.say("record.exported", customer.subject, '"by":"%s","reason":"access request","rows":%d'
                      % (agent, 1 + chance.below(300)), '"authid":"%s",' % agent)

    def odd(self, customer):
        """Types of the open family x.*: what this company records beside the catalogue."""
        chance = self.chance
        if chance.random() < 0.5:
            self.world.say("x.weather_seen", customer.subject, '"place":"%s","degrees":%d'
                           % (chance.pick(words.PLACES), chance.below(45) - 8))
        else:
            self.world.say("x.parking.entered", customer.subject, '"gate":"%d","store":%d,"plate_hash":"%08x"'
                           % (1 + chance.below(4), customer.store, chance.bits(32)))

    def erase(self, customer):
        if self.chance.random() < 0.3:
            customer.alive = False
            self.world.say("erasure.requested", customer.subject, '"scope":"all","channel":"email"')
            self.world.after(self.chance.span(2 * DAY, 30 * DAY), self.world.say, "erasure.completed", customer.subject,
                             '"scope":"all","key":"key-%06d"' % self.chance.below(10 ** 6))
        else:
            self.look(customer)
