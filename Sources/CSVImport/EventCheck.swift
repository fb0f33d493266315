public import CRM
public import EventLog

/// What events must pass before the importer takes their row.
///
/// An error of either check rejects the row: none of its events is made, and it takes no part in groups, sums or
/// `first_of`. The row's cause is the error's text.
public struct EventCheck {
    /// Checks an event by itself, and tells what is odd but kept.
    ///
    /// Where rules sum over groups, it is asked of an event twice, the first time before the sums are known, so it must
    /// depend on nothing else.
    public var alone: (EventDraft) throws -> [CatalogueWarning]
    /// Checks an event against those before it: asked once, in the file's order, when its row has passed all else.
    public var inOrder: (EventDraft) throws -> Void

    /// Makes a check; without parts, everything passes.
    public init(
        alone: @escaping (EventDraft) throws -> [CatalogueWarning] = { _ in [] },
        inOrder: @escaping (EventDraft) throws -> Void = { _ in }
    ) {
        self.alone = alone
        self.inOrder = inOrder
    }
}
