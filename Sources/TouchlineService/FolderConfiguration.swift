public import CRM
import Foundation
public import SystemPackage
import Yams

/// What a data folder's `config.yaml` settles.
public struct FolderConfiguration: Sendable, Codable, Equatable {
    /// The version of the folder's layout.
    public var format: Int
    /// The IANA zone whose calendar days count.
    public var zone: String
    /// How personal fields are stored; only `clear` until sealing is built.
    public var personal_fields: String
    /// Bytes of lines after which a segment is closed.
    public var segment_bytes_max: UInt64?
    /// Bytes of one event's line at most.
    public var event_bytes_max: Int?
    /// From which churn risk on it is medium, and high.
    public var risk_bands: [Double]?

    /// The layout this program reads and writes.
    public static let currentFormat = 1
    /// The file's name in the data folder.
    public static let fileName = "config.yaml"

    /// A configuration with this zone.
    public init(zone: String) {
        format = Self.currentFormat
        self.zone = zone
        personal_fields = "clear"
    }

    /// Reads the configuration of a data folder.
    ///
    /// - Throws: `ServiceError` if the folder is none, or of another version.
    public static func read(from folder: FilePath) throws -> FolderConfiguration {
        let path = folder.appending(fileName)
        guard FileManager.default.fileExists(atPath: folder.string) else {
            throw ServiceError(
                .io, "\(folder): there is no such folder; make one with `touchline init --data \(folder)`")
        }
        guard let bytes = FileManager.default.contents(atPath: path.string) else {
            throw ServiceError(
                .io,
                "\(folder): not a Touchline data folder (no \(fileName)); make one with `touchline init --data \(folder)`"
            )
        }
        return try parse(bytes, path: path.string)
    }

    /// Reads the configuration's text; `path` is what messages call it.
    static func parse(_ bytes: Data, path: String) throws -> FolderConfiguration {
        let configuration: FolderConfiguration
        do {
            let header = try YAMLDecoder().decode(Header.self, from: bytes)
            guard header.format == currentFormat else {
                throw ServiceError(
                    .io,
                    "\(path): the folder has format \(header.format), this program reads format \(currentFormat); use the version of touchline that made it"
                )
            }
            configuration = try YAMLDecoder().decode(FolderConfiguration.self, from: bytes)
        } catch let error as ServiceError {
            throw error
        } catch {
            throw ServiceError(.io, "\(path): \(reason(error)); compare it with one that `touchline init` writes")
        }
        do {
            try configuration.check(path)
        } catch {
            throw ServiceError(.io, error.message)
        }
        return configuration
    }

    /// Reads what is there and takes the default for what is not.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        format = try container.decode(Int.self, forKey: .format)
        zone = try container.decodeIfPresent(String.self, forKey: .zone) ?? "UTC"
        personal_fields = try container.decodeIfPresent(String.self, forKey: .personal_fields) ?? "clear"
        segment_bytes_max = try container.decodeIfPresent(UInt64.self, forKey: .segment_bytes_max)
        event_bytes_max = try container.decodeIfPresent(Int.self, forKey: .event_bytes_max)
        risk_bands = try container.decodeIfPresent([Double].self, forKey: .risk_bands)
    }

    /// The bands of churn risk; `check` has seen that they are some.
    public var bands: ChurnBands { risk_bands.flatMap { try? ChurnBands(limits: $0) } ?? ChurnBands() }

    /// The file's text.
    public var text: String {
        var lines = [
            "# A Touchline data folder.",
            "format: \(format)",
            "# The zone whose calendar days count, for purchase days and for dates without a time.",
            "# After a change run `touchline rebuild`.",
            "zone: \(zone)",
            "# Personal fields are stored as they are sent. Sealing them is not built yet.",
            "personal_fields: \(personal_fields)",
            "# Bytes of lines after which a segment is closed.",
        ]
        lines.append(segment_bytes_max.map { "segment_bytes_max: \($0)" } ?? "# segment_bytes_max: 268435456")
        lines.append("# Bytes of one event's line at most.")
        lines.append(event_bytes_max.map { "event_bytes_max: \($0)" } ?? "# event_bytes_max: 262144")
        lines.append("# From which churn risk on it is called medium, and high; answers print both.")
        lines.append(risk_bands.map { "risk_bands: \($0)" } ?? "# risk_bands: [0.5, 0.8]")
        return lines.joined(separator: "\n") + "\n"
    }

    private struct Header: Decodable { var format: Int }

    /// Checks what can be wrong in a value; `place` stands in front of the message.
    func check(_ place: String) throws(ServiceError) {
        guard TimeZone(identifier: zone) != nil else {
            throw ServiceError(
                .usage, "\(place): `zone: \(zone)` is no IANA zone; write one such as UTC or Asia/Shanghai")
        }
        if let bytes = segment_bytes_max, !(4096...(4 << 30)).contains(bytes) {
            throw ServiceError(.usage, "\(place): segment_bytes_max is \(bytes); it takes 4096 to 4294967296")
        }
        if let bytes = event_bytes_max, !(1024...(8 << 20)).contains(bytes) {
            throw ServiceError(.usage, "\(place): event_bytes_max is \(bytes); it takes 1024 to 8388608")
        }
        if let limits = risk_bands {
            do throws(ChurnError) {
                _ = try ChurnBands(limits: limits)
            } catch {
                throw ServiceError(.usage, "\(place): \(error)")
            }
        }
    }
}

/// What is wrong with a configuration, without the decoder's own words.
private func reason(_ error: any Error) -> String {
    switch error {
    case DecodingError.keyNotFound(let key, _): "`\(key.stringValue)` is missing"
    case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
        "`\(context.codingPath.map(\.stringValue).joined(separator: "."))` has a value of the wrong kind"
    default: "not a configuration"
    }
}
