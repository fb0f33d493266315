/// What a repair will do, or has done, and what it cannot.
public struct RepairPlan: Sendable, Equatable {
    /// One thing that is made anew from what is whole.
    public struct Step: Sendable, Equatable {
        /// The file.
        public var path: String
        /// Where in it the damage is, if a place is known.
        public var offset: UInt64?
        /// Which part of the log it is.
        public var structure: LogStructure
        /// The events that can be read again, or that are given up; nil = all could be read.
        public var sequences: Range<UInt64>?
        /// What is done, for people.
        public var action: String
    }

    /// What is made anew, in this order.
    public var steps: [Step] = []
    /// What nothing on this disk can mend.
    public var unmendable: [Finding] = []
    /// Where the files are kept that were replaced; only after a repair.
    public var aside: [String] = []
    /// What `verify` still finds beside `unmendable`; only after a repair, and then empty unless something went wrong.
    public var left: [Finding] = []

    /// A plan to do nothing.
    public init() {}

    /// The ranges of events that can be accepted as gaps, joined where they touch.
    public var gaps: [Range<UInt64>] {
        unmendable.compactMap(\.sequences).sorted { $0.lowerBound < $1.lowerBound }.reduce(into: []) { joined, range in
            if let last = joined.last, last.upperBound >= range.lowerBound {
                joined[joined.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
            } else {
                joined.append(range)
            }
        }
    }
}
