public import CRM
public import EventLog
import Foundation
public import Projection
public import SystemPackage

/// A data folder: its configuration, and the way to its log, its catalogue and its views.
///
/// ```
/// config.yaml      what the folder settles
/// catalogue.yaml   the company's own event types, if any
/// pipelines.yaml   the stages of its pipelines, if it defines them
/// segments.yaml    its groups of customers, if it defines any
/// log/             the log, its head word and its indexes
/// views.db         a link to the view database in use
/// ```
public struct DataFolder: Sendable {
    /// The folder.
    public let path: FilePath
    /// What it settles.
    public let configuration: FolderConfiguration
    /// The calendar of its zone.
    public let calendar: DayCalendar

    /// Opens a data folder; nothing of the log is read yet.
    ///
    /// - Throws: `ServiceError` if it is none, or of another version.
    public init(_ path: FilePath) throws {
        self.path = path
        configuration = try FolderConfiguration.read(from: path)
        calendar = try DayCalendar(zone: configuration.zone)
    }

    /// Makes a data folder: a configuration and an empty log.
    ///
    /// - Throws: `ServiceError` if there is one already, or something else is in the way.
    public static func initialize(_ path: FilePath, configuration: FolderConfiguration) throws -> DataFolder {
        let files = FileManager.default
        let configurationPath = path.appending(FolderConfiguration.fileName)
        guard !files.fileExists(atPath: configurationPath.string) else {
            throw ServiceError(.badInput, "\(path): a data folder already; nothing was changed")
        }
        let names = (try? files.contentsOfDirectory(atPath: path.string)) ?? []
        let log = path.appending("log")
        // All that an `init` leaves that was broken off before it was done.
        let isEmptyLog = names == ["log"] && (try? LogReader.open(log))?.head == 0
        guard names.isEmpty || isEmptyLog || isUnfinished(names, log) else {
            throw ServiceError(.badInput, "\(path): the folder is not empty; give a new or empty one")
        }
        try configuration.check("init")
        do {
            try files.createDirectory(atPath: path.string, withIntermediateDirectories: true)
            if !isEmptyLog { try EventLog.create(at: log, options: LogOptions(configuration)) }
            // The configuration comes last: a folder without one is no data folder yet.
            try Data(configuration.text.utf8).write(to: URL(filePath: configurationPath.string), options: .atomic)
        } catch let error as LogError {
            throw ServiceError(.io, error.message)
        } catch {
            throw ServiceError(.io, "\(path): the folder cannot be made; check that its parent is there and writable")
        }
        return try DataFolder(path)
    }

    /// Whether the folder holds nothing but a log's folder without a segment.
    private static func isUnfinished(_ names: [String], _ log: FilePath) -> Bool {
        guard names == ["log"], let inside = try? FileManager.default.contentsOfDirectory(atPath: log.string) else {
            return false
        }
        return inside.allSatisfy { ["head", "lock", "index"].contains($0) || $0.hasSuffix(".lz4.new") }
    }

    /// The folder of the log.
    public var log: FilePath { path.appending("log") }

    /// The place of the views.
    public var views: ViewStore { ViewStore(directory: path) }

    /// Opens the log for reading.
    public func openReader() throws -> LogReader { try LogReader.open(log) }

    /// Opens the log for writing; one process at a time can.
    ///
    /// A process that was killed holds its lock until it is quite gone, so a moment is waited.
    public func openSequencer() throws -> LocalSequencer {
        let deadline = ContinuousClock.now.advanced(by: .seconds(1))
        while true {
            do {
                return try LocalSequencer.open(log, options: LogOptions(configuration)) { .now() }
            } catch let error as LogError {
                guard case .locked = error.code, ContinuousClock.now < deadline else { throw error }
                Thread.sleep(forTimeInterval: 0.02)
            }
        }
    }

    /// The built-in event types and the user's own; while the user's file cannot be used, those in force.
    public func catalogue() throws -> Catalogue { try DefinitionFiles(self).catalogue() }

    /// All built-in projectors, as this folder configures them.
    public func projectors() throws -> ProjectorSet {
        let configured = CRMConfiguration(zone: configuration.zone)
        return ProjectorSet(try ProjectorCatalogue.projectors(configured), policy: CRMPolicy.fold)
    }
}

extension LogOptions {
    /// The options that a folder's configuration sets.
    public init(_ configuration: FolderConfiguration) {
        self.init()
        optionalFeatures = LogFeatures.personalFieldsInClear
        if let bytes = configuration.segment_bytes_max { segmentBytesMax = bytes }
        if let bytes = configuration.event_bytes_max { eventBytesMax = bytes }
    }
}
