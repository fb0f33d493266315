/// The parts of a customer's answer that other views give.
public enum CustomerParts {
    /// Opportunities, leads and contracts.
    public static let funnel: CustomerQuery.Part = { AnswerPart(try FunnelQuery.customer($0, $1, $2)) }
    /// Complaints, tickets and surveys.
    public static let service: CustomerQuery.Part = { AnswerPart(try ServiceQuery.customer($0, $1, $2)) }
    /// Purchase behaviour and risk.
    public static let churn: CustomerQuery.Part = { try ChurnQuery.customer($0, $1, $2) }
}
