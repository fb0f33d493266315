/// What happens to one log, step by step.
///
/// Every step brings the seeds of all that is random in it, so that leaving one out changes no other: that is what
/// shrinking a failing scenario needs.
package struct Scenario: Codable, Sendable, Equatable {
    /// Lines of a segment before it is closed, in bytes.
    package var segmentBytes: Int
    /// Room made ahead, in bytes.
    package var spaceBytes: Int
    /// What happens.
    package var steps: [Step]

    /// A scenario.
    package init(segmentBytes: Int, spaceBytes: Int, steps: [Step]) {
        self.segmentBytes = segmentBytes
        self.spaceBytes = spaceBytes
        self.steps = steps
    }
}

/// One step of a scenario.
package struct Step: Codable, Sendable, Equatable {
    /// What is done.
    package var action: Action
    /// What goes wrong meanwhile.
    package var fault: Fault?
    /// With it, reads and writes are now and then short or interrupted.
    package var noise: UInt64?
    /// With it, other processes run between the calls of this one.
    package var interleaving: UInt64?

    /// A step.
    package init(_ action: Action, fault: Fault? = nil, noise: UInt64? = nil, interleaving: UInt64? = nil) {
        self.action = action
        self.fault = fault
        self.noise = noise
        self.interleaving = interleaving
    }

    /// What is done in a step.
    package enum Action: Codable, Sendable, Equatable {
        /// Requests of several writers, committed together; opens the log if it is not open.
        case append([Request])
        /// One piece of background work.
        case maintain
        /// Background work with a commit in the middle of it.
        case maintainAround([Request])
        /// The writer lets go of the log, and another process takes it.
        case reopen
        /// The writer's process is killed.
        case kill
        /// The power goes, and comes back.
        case powerLoss(seed: UInt64)
        /// A reader reads on from where it was.
        case tail(reader: Int, batches: Int)
        /// A reader looks up this and that.
        case look(reader: Int, seed: UInt64)
        /// A reader ends; it starts anew, with its cursor, when it is wanted again.
        case endReader(Int)
        /// Everything is verified.
        case verify
        /// Another process tries to write.
        case secondWriter
        /// The clock is set.
        case moveClock(seconds: Int64)
        /// There is room for so many bytes more; nil = the disk is as large as can be.
        case limitRoom(Int?)
        /// Clean pages are dropped from memory.
        case evict
        /// The head word is removed while nobody writes.
        case loseHead
        /// One bit is turned over; everything is read, verified and appended to, and the bit is turned back.
        case rot(seed: UInt64, reopens: Bool)
    }

    /// One request of a writer.
    package struct Request: Codable, Sendable, Equatable {
        /// Its events.
        package var events: [Event]
        /// What it expects of the subjects' versions.
        package var expectation: Expectation

        /// A request.
        package init(events: [Event], expectation: Expectation) {
            self.events = events
            self.expectation = expectation
        }
    }

    /// Which version a request expects of its first event's subject.
    package enum Expectation: Codable, Sendable, Equatable {
        /// Any.
        case any
        /// The one it has.
        case right
        /// Another one.
        case wrong
    }

    /// One event.
    package struct Event: Codable, Sendable, Equatable {
        /// The customer's number; nil = a system event.
        package var subject: Int?
        /// The id's number: it alone decides what the event says, unless `isChanged`; nil = no id.
        package var id: Int?
        /// Whether it says something else than the event of this id should.
        package var isChanged: Bool
        /// The bytes of its text.
        package var bytes: Int

        /// An event.
        package init(subject: Int?, id: Int?, isChanged: Bool = false, bytes: Int) {
            self.subject = subject
            self.id = id
            self.isChanged = isChanged
            self.bytes = bytes
        }
    }
}
