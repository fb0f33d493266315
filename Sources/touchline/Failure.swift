import ArgumentParser
import CRM
import CSVImport
import EventLog
import Foundation
import GRDB
import Projection
import SystemPackage
import TouchlineBench
import TouchlineService

/// The end of a command that went wrong: one line on standard error, and the exit status that fits.
enum Failure {
    /// Ends the process.
    static func exit(with error: any Error) -> Never {
        // What ArgumentParser throws (usage, --help, an exit code) it also knows how to end with; most of its errors
        // are internal to it, so they are told by their module.
        if String(reflecting: type(of: error)).hasPrefix("ArgumentParser.") { Touchline.exit(withError: error) }
        Output.flush()
        ProgressBar.clear()
        let (kind, message) = describe(error)
        StandardError.write("touchline: \(message)\n")
        Foundation.exit(kind)
    }

    /// The exit status and the line for an error.
    static func describe(_ error: any Error) -> (Int32, String) {
        switch error {
        case let error as ServiceError: (error.kind.rawValue, error.message)
        case let error as NotFound: (ServiceError.Kind.badInput.rawValue, error.description)
        case let error as EventStream.Stop:
            (
                (error.isInput ? ServiceError.Kind.badInput : .io).rawValue,
                "line \(error.line): \(error.message)"
            )
        case let error as LogError:
            ((error.code == .notAGap ? ServiceError.Kind.badInput : .io).rawValue, error.description)
        case let error as AppendError: (ServiceError.Kind.io.rawValue, error.message)
        case let error as ProjectionError where error.code == .cancelled: (130, error.message)
        case let error as ProjectionError:
            ((error.code == .unknownProjector ? ServiceError.Kind.usage : .io).rawValue, error.message)
        case is ChurnError, is CatalogueError, is SegmentError:
            (ServiceError.Kind.badInput.rawValue, "\(error)")
        case is DefinitionError: (ServiceError.Kind.badInput.rawValue, "\(error)")
        case let error as ImportError:
            ((error.code == .unreadable ? ServiceError.Kind.io : .badInput).rawValue, error.description)
        case let error as BenchError:
            ((error.code == .refused ? ServiceError.Kind.badInput : .io).rawValue, error.message)
        case is CancellationError: (130, "stopped")
        case let error as Interrupted: (130, error.message)
        case let error as DatabaseError where isWriteFailure(error):
            (
                ServiceError.Kind.io.rawValue,
                "the views cannot be written (SQLite: \(error.message ?? "")); free some room on the data folder's disk"
            )
        case let error as DatabaseError:
            (
                ServiceError.Kind.io.rawValue,
                "the views cannot be used (SQLite: \(error.message ?? "\(error.resultCode)"));"
                    + " run `touchline rebuild` to make them anew from the log"
            )
        case let error as Errno: (ServiceError.Kind.io.rawValue, "\(error)")
        default:
            (
                ServiceError.Kind.io.rawValue,
                String(describing: error).split(whereSeparator: \.isNewline).joined(separator: " ")
            )
        }
    }

    /// Whether the views' disk took no more; damage (SQLITE_IOERR_DATA) is something else.
    private static func isWriteFailure(_ error: DatabaseError) -> Bool {
        error.resultCode == .SQLITE_FULL
            || error.resultCode == .SQLITE_IOERR && error.extendedResultCode.rawValue != 10 | 32 << 8
    }
}

/// The user asked to stop.
struct Interrupted: Error {
    /// What was done by then and how to go on.
    var message: String
}
