/// Names for ranges of risk: `high`, `medium`, `low`.
///
/// A band depends on limits that may change from one day to the next, so answers print the limits beside the names.
public struct ChurnBands: Sendable, Equatable {
    /// From this risk on it is `high`.
    public let high: Double
    /// From this risk on, below `high`, it is `medium`; below it is `low`.
    public let medium: Double

    /// The bands unless a folder or a question has its own: 0.5 and 0.8.
    public init() {
        high = 0.8
        medium = 0.5
    }

    /// Bands with two limits, ascending.
    ///
    /// - Throws: `ChurnError.badBands` unless 0 < medium < high < 1.
    public init(limits: [Double]) throws(ChurnError) {
        guard limits.count == 2, 0 < limits[0], limits[0] < limits[1], limits[1] < 1 else {
            throw .badBands(limits.map { "\($0)" }.joined(separator: ","))
        }
        medium = limits[0]
        high = limits[1]
    }

    /// Bands as a user words them: `0.5,0.8`.
    ///
    /// - Throws: `ChurnError.badBands` with the text.
    public init(text: String) throws(ChurnError) {
        let limits = text.split(separator: ",", omittingEmptySubsequences: false)
            .map { Double($0.drop { $0 == " " }) ?? .nan }
        do throws(ChurnError) { try self.init(limits: limits) } catch { throw .badBands(text) }
    }

    /// The names, the highest first.
    public static let names = ["high", "medium", "low"]

    /// The least risk of each band, in the order of the names.
    var limits: [Double] { [high, medium, 0] }

    /// The place of a risk's band among the names.
    func index(of risk: Double) -> Int { risk >= high ? 0 : risk >= medium ? 1 : 2 }

    /// The name of a risk's band.
    public func name(of risk: Double) -> String { Self.names[index(of: risk)] }
}

/// The least risk of each band, as an answer prints it.
public struct ChurnBandLimits: Encodable, Sendable, Equatable {
    /// From this risk on it is `high`.
    public var high: Double
    /// From this risk on, below `high`, it is `medium`; below it is `low`.
    public var medium: Double

    init(_ bands: ChurnBands) {
        high = bands.high
        medium = bands.medium
    }
}
