import CPageChecksum
import GRDB
import SystemPackage

/// One file of views: an SQLite database in which every page carries a checksum, verified whenever it is read.
///
/// So a flipped bit ends a query with an error that names the place, and never with other data. The checksums are kept
/// by a layer below SQLite (see `CPageChecksum`) under whose name the file is opened; any sqlite3 reads it without.
struct ViewFile {
    /// The layout of the files: 2 = with checksums; kept as SQLite's `user_version`.
    static let layout = 2
    /// Tells a file of views from other databases; kept as SQLite's `application_id`.
    static let application = 0x544C_5657
    /// What mends every damage to views.
    static let mend = "run `touchline rebuild` to make the views anew from the log"

    let path: FilePath

    init(_ path: FilePath) {
        self.path = path
    }

    /// Opens the file, which must be there, for reading.
    ///
    /// - Throws: `ProjectionError` with code `damaged` or `outdated`.
    func openReader() throws -> DatabaseQueue {
        try checkFirstPage()
        var configuration = configuration(isNew: false)
        configuration.readonly = true
        configuration.label = "views"
        return try open(configuration)
    }

    /// Opens the file, which must be there, for writing; the caller holds the lock that belongs to it.
    ///
    /// - Throws: `ProjectionError` with code `damaged` or `outdated`.
    func openWriter() throws -> DatabaseQueue {
        try checkFirstPage()
        return try open(writing(configuration(isNew: false)))
    }

    /// Makes the file, which must not be there, and opens it for writing.
    func create() throws -> DatabaseQueue {
        var configuration = configuration(isNew: true)
        configuration.prepareDatabase { db in
            // What a crash leaves of a new file nobody reads: it is not named by the link yet.
            try db.execute(
                sql: """
                    PRAGMA synchronous = OFF;
                    PRAGMA page_size = \(PAGE_CHECKSUM_PAGE_BYTES);
                    PRAGMA application_id = \(Self.application);
                    PRAGMA user_version = \(Self.layout)
                    """)
        }
        return try open(writing(configuration))
    }

    /// Runs `body`, and says where the file is damaged if SQLite ends it for that.
    func explaining<Answer>(_ body: () throws -> Answer) throws -> Answer {
        do {
            return try body()
        } catch let error as DatabaseError where error.isDamage {
            let place = try? findFault()
            throw ProjectionError(
                .damaged, "\(place?.description ?? "\(path): \(error.message ?? "damaged")"); \(Self.mend)")
        }
    }

    // MARK: - Opening

    private func open(_ configuration: Configuration) throws -> DatabaseQueue {
        guard page_checksum_install() == 0 else { throw ProjectionError(.file, "\(path): SQLite has no file system") }
        let name = uri(readonly: configuration.readonly)
        return try explaining { try DatabaseQueue(path: name, configuration: configuration) }
    }

    /// The name by which SQLite opens the file through the layer.
    func uri(readonly: Bool) -> String {
        let plain = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._-".utf8)
        let name = path.string.utf8.map { byte in
            plain.contains(byte) ? String(UnicodeScalar(byte)) : "%" + hex([byte])
        }
        let layer = String(cString: page_checksum_vfs())
        return "file:\(name.joined())?vfs=\(layer)" + (readonly ? "&mode=ro" : "")
    }

    private func configuration(isNew: Bool) -> Configuration {
        let path = path
        var configuration = Configuration()
        configuration.busyMode = .timeout(10)
        configuration.prepareDatabase { db in
            guard page_checksum_prepare(UnsafeMutableRawPointer(db.sqliteConnection)) == 0 else {
                throw ProjectionError(.file, "\(path): this SQLite opens no files by URI, so pages go unchecked")
            }
            let layout = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
            guard layout == Self.layout || isNew else {
                throw ProjectionError(.outdated, "\(path): views of layout \(layout); \(Self.mend)")
            }
        }
        return configuration
    }

    private func writing(_ configuration: Configuration) -> Configuration {
        var configuration = configuration
        configuration.prepareDatabase { db in
            // Views are derived: after a power cut they may be older, never torn.
            try db.execute(sql: "PRAGMA journal_mode = WAL")
            try db.execute(sql: "PRAGMA synchronous = NORMAL")
            try db.execute(sql: "PRAGMA cache_size = -65536")
        }
        return configuration
    }

    // MARK: - Looking at the bytes

    /// Checks what the first page says of the file.
    func checkFirstPage() throws {
        switch page_checksum_layout(path.string) {
        case PAGE_CHECKSUM_PLAIN:
            throw ProjectionError(.outdated, "\(path): views of an earlier version, without checksums; \(Self.mend)")
        case PAGE_CHECKSUM_SHORT, PAGE_CHECKSUM_DAMAGED:
            throw ProjectionError(.damaged, "\(firstPageFault.description); \(Self.mend)")
        default:
            return
        }
    }

    /// What is wrong with the file; `nil` if it is sound.
    func check() throws -> ViewFault? {
        switch page_checksum_layout(path.string) {
        case PAGE_CHECKSUM_PLAIN: return contentsFault("made by an earlier version, without checksums")
        case PAGE_CHECKSUM_SHORT, PAGE_CHECKSUM_DAMAGED: return firstPageFault
        default: break
        }
        if let fault = try findFault() { return fault }
        do {
            let answer = try openReader().read { try String.fetchOne($0, sql: "PRAGMA quick_check(1)") }
            return answer == "ok" ? nil : contentsFault(answer)
        } catch let error as ProjectionError where error.code == .damaged || error.code == .outdated {
            return contentsFault(error.message)
        } catch let error as DatabaseError where error.isDamage {
            return try findFault() ?? contentsFault(error.message)
        }
    }

    private func contentsFault(_ message: String?) -> ViewFault {
        ViewFault(
            file: path.string, offset: nil, page: nil, structure: .contents, message: message ?? "not a database")
    }

    private var firstPageFault: ViewFault {
        let bytes = FileSystem.size(path) ?? 0
        let isShort = bytes < Int64(PAGE_CHECKSUM_PAGE_BYTES)
        return ViewFault(
            file: path.string, offset: 0, page: 1, structure: .page,
            message: isShort ? "the file is cut short, to \(bytes) bytes" : "does not fit its checksum")
    }

    /// Walks over every page and the write-ahead log, as they are on disk; `nil` if all is sound.
    func findFault() throws -> ViewFault? {
        var report = page_checksum_report()
        let code = page_checksum_inspect(path.string, &report)
        guard code == 0 else { throw DatabaseError(resultCode: ResultCode(rawValue: code)) }
        if report.first_bad_page > 0 {
            let pageBytes = Int64(PAGE_CHECKSUM_PAGE_BYTES)
            let offset = (report.first_bad_page - 1) * pageBytes
            let isCut = offset + pageBytes > FileSystem.size(path) ?? 0
            return ViewFault(
                file: path.string, offset: offset, page: report.first_bad_page, structure: .page,
                message: (isCut ? "the file ends within it" : "does not fit its checksum")
                    + (report.bad_pages == 1 ? "" : " (\(report.bad_pages) of \(report.pages) pages do not)"))
        }
        if report.log_offset < 0 { return cutFault(report) }
        return ViewFault(
            file: path.string + "-wal", offset: report.log_offset, page: nil, structure: .writeAheadLog,
            message: "does not fit its checksum, and the database file already holds what comes after it")
    }

    /// The database file ends before the page it says is its last, and there is no write-ahead log to hold the others.
    private func cutFault(_ report: page_checksum_report) -> ViewFault? {
        let pageBytes = Int64(PAGE_CHECKSUM_PAGE_BYTES)
        guard let bytes = FileSystem.size(path), bytes < report.declared_pages * pageBytes,
            (FileSystem.size(FilePath(path.string + "-wal")) ?? 0) == 0
        else { return nil }
        return ViewFault(
            file: path.string, offset: bytes, page: bytes / pageBytes + 1, structure: .page,
            message: "the file ends before it, and should have \(report.declared_pages) pages")
    }
}

extension DatabaseError {
    /// Whether SQLite met bytes that cannot be right.
    var isDamage: Bool {
        // SQLITE_IOERR_DATA: a page that does not fit its checksum.
        extendedResultCode.rawValue == 10 | 32 << 8 || resultCode == .SQLITE_CORRUPT || resultCode == .SQLITE_NOTADB
    }
}
