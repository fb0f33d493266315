/// The event catalogue: every type that may enter the log, and the fields of its `data`.
///
/// The built-in part is the file `catalogue.yaml` beside this one, which says in its head how types and fields are
/// written; a user's `catalogue.yaml` adds types and fields, and may make a built-in field required or personal, but
/// takes nothing back. A catalogue is immutable and shared freely between tasks.
public struct Catalogue: Sendable {
    /// The types in the files' order, built-in ones first.
    public let types: [EventTypeDefinition]
    /// The families whose types may have any name and any fields: `x` stands for `x.*`.
    public let openFamilies: [String]
    /// The ISO 4217 codes that are or were in force.
    public let currencies: [String]

    private let numbers: [String: Int]
    private let compiled: [String: CompiledType]
    /// `currencies`, ready for looking up.
    let currencyCodes: CurrencyCodes

    init(types: [EventTypeDefinition], openFamilies: [String], currencies: [String]) {
        self.types = types
        self.openFamilies = openFamilies
        self.currencies = currencies
        numbers = Dictionary(types.enumerated().map { ($0.element.name, $0.offset) }) { first, _ in first }
        compiled = Dictionary(types.map { ($0.name, CompiledType($0)) }) { first, _ in first }
        currencyCodes = CurrencyCodes(currencies)
    }

    /// The built-in catalogue, with the types and fields of a user's file added.
    ///
    /// - Parameters:
    ///   - user: the text of the user's file; `nil` if there is none.
    ///   - path: the user's file, for messages.
    /// - Throws: `DefinitionError` with every problem of the file.
    public static func load(user: String? = nil, path: String = "catalogue.yaml") throws(DefinitionError)
        -> Catalogue
    {
        var builder = CatalogueBuilder()
        builder.add(String(decoding: PackageResources.catalogue_yaml, as: UTF8.self), isBuiltIn: true)
        if let user, builder.problems.isEmpty { builder.add(user, isBuiltIn: false) }
        let catalogue = builder.build()
        guard builder.problems.isEmpty else { throw DefinitionError(path: path, problems: builder.problems) }
        return catalogue
    }

    /// The type of this name; `nil` if there is none, even if it is in an open family.
    public func type(named name: String) -> EventTypeDefinition? { numbers[name].map { types[$0] } }

    /// What a field of a type holds; `nil` if the catalogue does not know it.
    ///
    /// A field inside an object is written with points, as in `event.source`.
    public func kind(ofField field: String, inType type: String) -> FieldKind? {
        self.type(named: type)?.field(field)?.kind
    }

    /// Whether events of this type may enter: it is in the catalogue, or in an open family.
    public func accepts(type: String) -> Bool { compiled[type] != nil || isOpen(type) }

    /// The types that a wrong name stands for, perhaps: the nearest by letters, else those of the same family.
    public func near(type: String) -> [String] {
        let word = Array(type.utf8)
        let distances = types.compactMap { candidate in
            EditDistance.between(word, Array(candidate.name.utf8), max: 3).map { ($0, candidate.name) }
        }
        if !distances.isEmpty { return distances.sorted { $0 < $1 }.prefix(3).map(\.1) }
        let family = type.prefix { $0 != "." }
        let same = types.filter { $0.family == family }.map(\.name)
        if !same.isEmpty { return Array(same.prefix(6)) }
        let last = type.split(separator: ".").last ?? ""
        return Array(types.map(\.name).filter { !last.isEmpty && $0.hasSuffix("." + last) }.prefix(3))
    }

    func compiledType(_ name: String) -> CompiledType? { compiled[name] }

    func isOpen(_ type: String) -> Bool {
        openFamilies.contains { type.utf8.count > $0.utf8.count + 1 && type.hasPrefix($0 + ".") }
    }
}
