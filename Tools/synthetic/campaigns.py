"""Campaigns: defined once, then sent to many customers, some of whom respond."""
from synthetic import words
from synthetic.lines import DAY, HOUR, MINUTE


class Campaigns:
    """About a fifth of all events belong to a campaign; one begins about every nine days."""

    def __init__(self, world, lives, days):
        self.world, self.chance, self.lives = world, world.chance, lives
        self.count = max(3, days // 9)
        self.audience = max(1, int(0.2 * world.total / (2.2 * self.count)))
        every = days * DAY // self.count
        for i in range(self.count):
            world.after(i * every + every // 3 + self.chance.below(every // 3), self.define, i)

    def define(self, i):
        world, chance = self.world, self.chance
        kind = words.CAMPAIGN_KINDS[i % len(words.CAMPAIGN_KINDS)]
        name = "%s-%02d" % (kind, i + 1)
        channel = chance.pick(("email", "sms", "wechat", "app"))
        world.say("campaign.defined", None, '"campaign":"%s","name":"%s","starts":"%s","ends":"%s",'
                  '"cost":"%d.00","currency":"CNY","channel":"%s"'
                  % (name, "会员专享 " + kind, world.stamps.date(world.now), world.stamps.date(world.now + 21 * DAY),
                     1000 + chance.below(90_000), channel))
        variants = "AB" if chance.random() < 0.6 else "A"
        pause = max(1, 2 * DAY // self.audience)
        world.after(HOUR, self.send, name, channel, variants, self.audience, pause)

    def send(self, name, channel, variants, left, pause):
        world, chance = self.world, self.chance
        if left > 1:
            world.after(1 + chance.below(2 * pause), self.send, name, channel, variants, left - 1, pause)
        if not world.registered:
            return
        customer = world.known()
        touch = '"campaign":"%s","touch":"%s"' % (name, world.number("T", 7))
        variant = chance.pick(variants)
        world.say("campaign.sent", customer.subject,
                  '%s,"channel":"%s","variant":"%s","offer":"%s","template":"tpl-%s-%s"'
                  % (touch, channel, variant, chance.pick(("10% off", "free shipping", "双倍积分", "gift")), name, variant))
        r, who = chance.random(), customer.subject
        part = '%s,"variant":"%s","device":"%s"' % (touch, variant, chance.pick(("phone", "desktop", "tablet")))
        if r < 0.04:
            world.after(chance.span(1000, HOUR), world.say, "campaign.bounced", who,
                        '%s,"reason":"mailbox full"' % touch)
            return
        if r < 0.80:
            world.after(chance.span(1000, 5 * MINUTE), world.say, "campaign.delivered", who,
                        '%s,"channel":"%s"' % (part, channel))
        if not customer.alive:
            return
        if chance.random() < 0.3:
            seen = chance.span(6 * MINUTE, 3 * DAY)
            world.after(seen, world.say, "campaign.opened", who, '%s,"channel":"%s"' % (part, channel))
            r = chance.random()
            if r < 0.3:
                world.after(seen + chance.span(2000, 5 * MINUTE), world.say, "campaign.clicked", who, part)
            if r < 0.12 + 0.06 * (variant == "B"):
                world.after(seen + chance.span(10 * MINUTE, 6 * DAY), self.redeem, customer, name, part)
            elif r > 0.97:
                world.after(seen + MINUTE, self.unsubscribe, customer, touch, channel)

    def redeem(self, customer, name, part):
        order = self.world.number("O", 7)
        self.world.say("campaign.redeemed", customer.subject, '%s,"order":"%s"' % (part, order))
        if customer.alive:
            self.lives.buy(customer, order, ',"campaign":"%s"' % name)

    def unsubscribe(self, customer, touch, channel):
        self.world.say("campaign.unsubscribed", customer.subject, touch)
        self.world.say("consent.withdrawn", customer.subject, '"purpose":"marketing","channel":"%s"' % channel)
