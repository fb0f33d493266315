/// The words of which made-up events are made.
enum SyntheticText {
    static let stages = ["qualification", "evaluation", "proposal", "procurement", "negotiation"]
    static let channels = ["email", "sms", "wechat", "app", "phone", "web", "store", "chat"]
    static let origins = ["webform", "event", "referral", "ads", "partner"]
    static let categories = ["billing", "delivery", "quality", "service", "privacy", "technical"]
    static let teams = ["inbound", "outbound", "retention", "enterprise", "smb", "support-l1", "support-l2"]
    static let cities = [
        "Shanghai", "Beijing", "Shenzhen", "London", "Berlin", "Madrid", "Austin", "Toronto", "Singapore", "Sydney",
        "成都", "杭州",
    ]
    private static let currencies = ["CNY", "USD", "EUR", "GBP", "SGD"]
    private static let seasons = ["spring", "summer", "double-eleven", "renewal", "win-back"]

    static let english = [
        "asked what the renewal would cost and wants it in writing this week", "left a message on the machine",
        "nobody answered, to be tried again tomorrow before noon",
        "pleased with the first month, may want ten more seats",
        "the invoice still went to the old address, please send it again",
        "the parcel came damaged, photos were sent, a refund or a new one was offered",
        "would rather be written to than called", "please call back after six in the evening",
        "has an offer of somebody else, the price is what it hangs on", "the one who decides is away until the 15th",
        "handed to the second line since the export never finishes", "terms are agreed, the lawyers are reading",
        "wants no more of the weekly letter", "took the yearly plan once the discount was on",
        "after every update the app asks for the password again",
    ]
    static let chinese = [
        "客户想了解续费价格，希望本周内收到书面报价", "电话无人接听，明天上午再打", "对第一个月的使用很满意，可能再加十个席位",
        "发票还是寄到了旧地址，请重新寄送", "包裹破损，已发照片，客户要求退款", "更愿意用微信联系，不要打电话",
        "导出一直失败，已转给二线处理", "条款已谈妥，法务正在审核", "等了太久，已道歉并补发优惠券", "负责人出差，下周三才回来",
        "需要开具增值税专用发票", "拿别家的报价来比，主要看价格",
    ]
    static let words = [
        "account", "address", "balance", "branch", "budget", "bundle", "call", "campaign", "change", "charge",
        "contact", "contract", "courier", "credit", "customer", "delay", "delivery", "deposit", "discount", "export",
        "feature",
        "form", "invoice", "issue", "item", "letter", "limit", "login", "manager", "meeting", "member", "message",
        "month", "number", "offer", "option", "order", "owner", "parcel", "payment", "phone", "plan", "portal", "price",
        "product", "quote", "reason", "receipt", "refund", "region", "renewal", "reply", "report", "request", "return",
        "review", "sample", "schedule", "seat", "service", "shipment", "shop", "status", "store", "supplier", "support",
        "survey", "team", "ticket", "trial", "update", "urgent", "visit", "voucher", "waiting", "warranty", "website",
    ]

    /// A sentence somebody wrote: English, Chinese, or a string of words.
    static func sentence(_ chance: inout Chance) -> String {
        switch chance.below(100) {
        case ..<45: chance.pick(english)
        case ..<80: chance.pick(chinese)
        default: (0..<(4 + chance.below(14))).map { _ in chance.pick(words) }.joined(separator: " ")
        }
    }

    static func agent(_ chance: inout Chance) -> String { "agent-" + padded(chance.below(240), 3) }

    static func product(_ chance: inout Chance) -> String { "SKU-" + padded(1_000 + chance.below(900) * 37, 5) }

    /// The campaign that a touch or a lead of this number belongs to.
    static func campaign(_ code: Int) -> String {
        "camp-\(seasons[code % seasons.count])-\(padded(code / 8 % 12 + 1, 2))"
    }

    /// The currency that an order or a deal of this number is in.
    static func currency(_ code: Int) -> String { currencies[code % currencies.count] }
}
