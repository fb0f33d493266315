import GRDB

/// The parts of a customer's answer that other views give.
public enum CustomerParts {
    /// Opportunities and leads.
    public static let funnel: CustomerQuery.Part = { _, _, _ in AnswerPart(nil) }
    /// Complaints and tickets.
    public static let service: CustomerQuery.Part = { _, _, _ in AnswerPart(nil) }
    /// Purchase behaviour and risk.
    public static let churn: CustomerQuery.Part = { _, _, _ in AnswerPart(nil) }
}
