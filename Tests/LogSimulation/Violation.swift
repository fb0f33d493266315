/// A promise of the log that was not kept.
package struct Violation: Error, CustomStringConvertible {
    /// What was wrong.
    package var message: String
    /// The number of the step, from 0.
    package var step: Int

    package var description: String { "step \(step): \(message)" }
}
