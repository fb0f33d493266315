import Projection

/// The tables of the churn view, in the order in which `ChurnRows` fills them.
enum ChurnTables {
    static let purchaseDaysIndex = 0
    static let customersIndex = 1
    static let signalsIndex = 2
    static let modelsIndex = 3

    static let perSubject = [purchaseDays, customers, signals]
    static let all = perSubject + [models]

    static let purchaseDays = TableDefinition(
        "purchase_days",
        "A calendar day on which a customer bought something that was neither cancelled nor wholly refunded.",
        columns: [
            ColumnDefinition("subject", .text, "The customer, as sent."),
            ColumnDefinition("day", .text, "The day in the folder's zone, yyyy-MM-dd."),
            ColumnDefinition("currency", .text, "ISO 4217 currency; XXX if none was named. A row a currency."),
            ColumnDefinition("orders", .integer, "Orders of the day in this currency."),
            ColumnDefinition("spend", .text, "Decimal amount of these orders, less what was refunded of them."),
            ColumnDefinition("sequence", .integer, "The last recorded event that completed one of them."),
        ],
        primaryKey: ["subject", "day", "currency"])

    static let customers = TableDefinition(
        "churn_customers",
        "What the repeat-purchase models need of a customer, and when he was last active.",
        columns: [
            ColumnDefinition("subject", .text, "The customer, as sent."),
            ColumnDefinition("purchase_days", .integer, "Number of purchase days; 0 = a prospect."),
            ColumnDefinition("first_day", .text, "The first of them, yyyy-MM-dd."),
            ColumnDefinition("last_day", .text, "The last of them, yyyy-MM-dd."),
            ColumnDefinition("first_sequence", .integer, "The last recorded order of the first day."),
            ColumnDefinition("last_sequence", .integer, "The last recorded order of the last day."),
            ColumnDefinition(
                "active_days", .integer,
                "Calendar days on which the customer himself did something: bought, called, wrote, met, looked, "
                    + "clicked, redeemed, answered, complained or asked."),
            ColumnDefinition("first_active_day", .text, "The first of them, yyyy-MM-dd."),
            ColumnDefinition("last_active_day", .text, "The last of them, yyyy-MM-dd."),
            ColumnDefinition("last_active_sequence", .integer, "The last event of that kind."),
        ],
        primaryKey: ["subject"])

    static let signals = TableDefinition(
        "churn_signals", "Something beside purchases that may announce that a customer leaves, or that holds him.",
        columns: [
            ColumnDefinition("subject", .text, "The customer, as sent."),
            ColumnDefinition("signal", .text, "complaint, ticket, survey, unsubscribe or contract."),
            ColumnDefinition(
                "key", .text,
                "The complaint, ticket, survey or contract; of an unsubscribe the campaign's channel or the consent."),
            ColumnDefinition("since", .text, "Opened, answered, unsubscribed or signed, as an instant in UTC."),
            ColumnDefinition("sequence", .integer, "The event that says so."),
            ColumnDefinition(
                "until", .text,
                "Resolved, closed, subscribed again or ended; NULL if still so. A consent that was only given is a row "
                    + "whose since and until are that moment."),
            ColumnDefinition("until_sequence", .integer, "The event that says so."),
            ColumnDefinition(
                "value", .text,
                "Complaint: severity. Survey: decimal score. Contract: its last day, yyyy-MM-dd; NULL = open-ended. "
                    + "Unsubscribe: when it was last said, if more than once."),
            ColumnDefinition("scale_min", .text, "Survey: least score of the scale, as a decimal."),
            ColumnDefinition("scale_max", .text, "Survey: best score of the scale, as a decimal."),
        ],
        primaryKey: ["subject", "signal", "key"])

    static let models = TableDefinition(
        "churn_models", "A published model of repeat purchase; the one with the largest sequence is in force.",
        columns: [
            ColumnDefinition("sequence", .integer, "The event that published it."),
            ColumnDefinition("published", .text, "When it was published, as an instant in UTC."),
            ColumnDefinition("model", .text, "mbg, bg, pareto or nbd."),
            ColumnDefinition("parameters", .text, "JSON object: parameter to number. Time is in weeks."),
            ColumnDefinition("horizon_days", .integer, "The horizon of its scores, in days."),
            ColumnDefinition("fitted_until", .text, "The last day of the purchases it was fitted to, yyyy-MM-dd."),
            ColumnDefinition("log_likelihood", .real, "ln of the likelihood of these purchases."),
            ColumnDefinition("customers", .integer, "How many customers it was fitted to."),
            ColumnDefinition("repeat_buyers", .integer, "How many of them had come back."),
            ColumnDefinition("beta", .text, "JSON object: weight of each signal in the score; empty = none counts."),
            ColumnDefinition("half_lives", .text, "JSON object: days after which a signal counts half."),
            ColumnDefinition(
                "beta_fit", .text,
                "JSON object: from which customers the weights were learnt, with their standard errors; NULL = unknown."
            ),
            ColumnDefinition("notes", .text, "JSON list of sentences: what must be known of the fit."),
        ],
        primaryKey: ["sequence"])
}
