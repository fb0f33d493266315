import ArgumentParser
import CRM
import TouchlineService

struct CatalogueCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "catalogue", abstract: "The event types and their fields, built in and your own.",
        subcommands: [List.self, Check.self], defaultSubcommand: List.self)

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List the types, or one type's fields.",
            discussion: "Outside a data folder the built-in types are listed.")

        @OptionGroup var options: GlobalOptions

        @Argument(help: "A type or a family, such as purchase.completed or purchase.")
        var type: String?

        private struct Listing: Encodable {
            var types: [EventTypeDefinition]
        }

        func run() throws {
            let catalogue = try (try? options.folder()).map { try DefinitionNote.catalogue($0) } ?? Catalogue.load()
            let types = catalogue.types.filter { type == nil || $0.name == type || $0.family == type }
            if let type, types.isEmpty {
                throw NotFound(kind: "event type", name: type, nearMatches: catalogue.near(type: type))
            }
            if options.json { return try JSONOutput.print(Listing(types: types)) }
            if type == nil { overview(types, catalogue) } else { types.forEach(detail) }
            Output.flush()
        }

        private func overview(_ types: [EventTypeDefinition], _ catalogue: Catalogue) {
            var table = TextTable("type", "fields (! required, * personal)")
            for type in types {
                let fields = type.fields.map { $0.name + ($0.isRequired ? "!" : "") + ($0.isPersonal ? "*" : "") }
                table.add(type.name, fields.joined(separator: ", "))
            }
            Output.write(table.text())
            Output.line("Open families, without rules: \(catalogue.openFamilies.joined(separator: ", "))")
        }

        private func detail(_ type: EventTypeDefinition) {
            Output.line("\(type.name): \(type.summary)")
            var table = TextTable("field", "kind", "", "values")
            for field in type.fields {
                let marks = [field.isRequired ? "required" : nil, field.isPersonal ? "personal" : nil].compactMap(
                    \.self)
                table.add(
                    field.name, field.kind.rawValue, marks.joined(separator: ", "), field.values.joined(separator: ", ")
                )
            }
            if !table.isEmpty { Output.write(table.text(indent: 2)) }
        }
    }

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "check", abstract: "Check a catalogue of your own before it is put into a data folder.")

        @OptionGroup var options: GlobalOptions

        @Argument(help: "A catalogue.yaml.")
        var file: String

        func run() throws { try DefinitionCheck.run(.catalogue, file, options) }
    }
}
