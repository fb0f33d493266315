import Testing

@testable import CSVImport

/// What is wrong with a mapping is said in one line, with the mapping's line, the key and the mend.
@Suite struct MappingErrorTests {
    /// A mapping, in which HEAD stands for a source and a zone, and what is said of it.
    private static let cases: [(String, String)] = [
        ("source: /t\nemits: []\n", "m.yaml:2, emits: unknown key \"emits\"; did you mean emit?"),
        ("emit:\n- {type: x.a}\n", "m.yaml:1: `source` is missing"),
        ("HEAD ", "`emit` is missing"),
        (
            "HEAD emit:\n- {type: x.a, subject: \"{custmer}\"}\n",
            "m.yaml:4, emit[1].subject: no column \"custmer\"; did you mean \"customer\"?"
        ),
        (
            "HEAD emit:\n- {type: x.a, subject: \"{zzz}\"}\n",
            "no column \"zzz\"; the header has \"customer\", \"date\", \"v\", \"v\""
        ),
        ("HEAD emit:\n- {type: x.a, subject: \"{v}\"}\n", "the header has \"v\" more than once"),
        ("HEAD emit:\n- {type: x.a, subject: \"{customer\"}\n", "a { is not closed"),
        ("HEAD emit:\n- {type: x.a, when: {Customer: A}}\n", "no column \"Customer\"; did you mean \"customer\"?"),
        (
            "HEAD emit:\n- {type: x.a, when: {customer: \"<5\"}}\n",
            "\"<5\" is no test; numbers compare only as \"<0\" and \">0\""
        ),
        ("HEAD emit:\n- {type: x.a, when: {customer: {like: A}}}\n", "unknown test"),
        ("HEAD emit:\n- {type: x.a, when: {first_of: custome}}\n", "emit[1].when.first_of: no column"),
        (
            "HEAD emit:\n- {type: x.a, data: {a: {sum: customer}}}\n",
            "`sum` adds up the rows of a group; say which with `per: [column]`"
        ),
        ("HEAD emit:\n- {type: x.a, per: [customer], id: {sum: customer}}\n", "`sum` has its place in `data` only"),
        ("HEAD emit:\n- {type: x.a, data: {a: {colum: customer}}}\n", "unknown key \"colum\"; did you mean column?"),
        (
            "HEAD emit:\n- {type: x.a, data: {a: {column: customer, format: \"yyyy\"}}}\n",
            "needs a year (yyyy), a month (MM) and a day (dd)"
        ),
        ("HEAD emit:\n- {type: x.a, data: {a: {column: customer, first: [date]}}}\n", "says column and first at once"),
        ("HEAD emit:\n- {type: x.a, data: {a: {format: \"yyyy-MM-dd\"}}}\n", "add `column:`"),
        ("HEAD emit:\n- {type: x.a, data: {a: {multiply: [customer]}}}\n", "a list of two columns or more"),
        (
            "HEAD emit:\n- {type: x.a, data: {a: {lookup: p, by: customer, column: x}}}\n",
            "no lookup \"p\"; declare it at the top"
        ),
        ("HEAD lookup: {p: {file: none.csv, key: k}}\nemit:\n- {type: x.a}\n", "none.csv): there is no such file"),
        (
            "HEAD emit:\n- {type: purchase.complete, subject: \"{customer}\"}\n",
            "no event type \"purchase.complete\"; did you mean purchase.completed"
        ),
        (
            "HEAD emit:\n- {type: purchase.completed, subject: \"{customer}\", data: {amount: \"1\", currency: USD}}\n",
            "purchase.completed needs data.order"
        ),
        (
            "HEAD emit:\n- {type: purchase.completed, subject: \"{customer}\", data: {amount: \"1\", order: \"1\"}}\n",
            "needs currency beside it"
        ),
        (
            "HEAD emit:\n- {type: purchase.completed, data: {amount: \"1\", order: \"1\", currency: USD}}\n",
            "needs a subject"
        ),
        ("HEAD emit:\n- {type: x.a, data: {a: {summ: customer}}}\n", "unknown key \"summ\"; did you mean sum?"),
        (
            "HEAD emit:\n- {type: call.completed, subject: \"{customer}\", data: {direction: {total: customer}}}\n",
            "emit[1].data.direction: unknown form \"total\"; known are column, first"
        ),
        (
            "HEAD emit:\n- {type: x.a, data: {a: {column: customer, map: {\"1*\": one}}}}\n",
            "the key \"1*\" is no pattern"
        ),
        ("HEAD emit:\n- {subject: a}\n", "`type` is missing"),
        ("HEAD emit:\n- {type: x.a, whne: {}}\n", "unknown key \"whne\"; did you mean when?"),
        ("HEAD emit: {type: x.a}\n", "must be a list"),
        ("HEAD skip: [{reason: r}]\nemit:\n- {type: x.a}\n", "needs `when`"),
        ("source: touchline:x\nemit:\n- {type: x.a}\n", "Touchline's own"),
        ("source: a b\nemit:\n- {type: x.a}\n", "m.yaml:1, source: source holds a character"),
        (
            "source: /t\nzone: Europe/Lodnon\nemit:\n- {type: x.a}\n",
            "m.yaml:2, zone: no zone \"Europe/Lodnon\"; name it as in Europe/London"
        ),
        (
            "source: /t\nemit:\n- {type: x.a, time: {column: date, format: yyyy-MM-dd}}\n",
            "carries no zone; say which at the mapping's top"
        ),
        (
            "source: /t\nemit:\n- {type: x.a, time: \"{date}\"}\n",
            "the times carry no zone (line 2: date \"2026-01-01\")"
        ),
        ("file: {delimiter: \";;\"}\nHEAD emit:\n- {type: x.a}\n", "file.delimiter: must be one ASCII character"),
        ("file: {encoding: ebcdic}\nHEAD emit:\n- {type: x.a}\n", "must be utf-8, gb18030 or latin1"),
        ("file: {header: false}\nHEAD emit:\n- {type: x.a}\n", "without a header, name the columns"),
        ("source: [\n", "is not YAML here"),
        ("source: {a}: b\n", "is not YAML here"),
        ("source: /t\nsource: /u\n", "source twice"),
        ("HEAD emit:\n- {type: x.a}\n---\nsource: /u\n", "one document"),
        ("- a\n", "holds no mapping"),
        ("", "holds no mapping"),
    ]

    @Test(arguments: cases)
    func complaints(mapping: String, wanted: String) throws {
        let mapping = mapping.replacing("HEAD ", with: "source: /t\nzone: UTC\n")
        let message = try Importing.failure(mapping, csv: "customer,date,v,v\nC1,2026-01-01,1,2\n")
        #expect(message.contains(wanted), "\(message)")
        #expect(!message.contains("\n"))
        #expect(message.hasPrefix("m.yaml"))
    }

    @Test(arguments: [(",", ";"), (";", ","), ("\t", ","), ("|", ";")])
    func aWrongDelimiterIsCalledThat(real: String, said: String) throws {
        let mapping = "file: {delimiter: \"\(said)\"}\nsource: /t\nemit:\n- {type: x.a, subject: \"{customer}\"}\n"
        let message = try Importing.failure(mapping, csv: ["customer", "date", "v"].joined(separator: real) + "\n")
        #expect(message.contains("no column \"customer\"; the header is one column"), "\(message)")
        let word = real == "\t" ? "tab" : "\"\(real)\""
        #expect(message.hasSuffix("the delimiter is probably wrong: say `file: {delimiter: \(word)}`"), "\(message)")
        let blank = try Importing.failure(
            "source: /t\nemit:\n- {type: x.a, subject: \"{date}\"}\n", csv: "customer date\nC 1\n")
        #expect(blank.hasSuffix("say `file: {delimiter: whitespace}`"), "\(blank)")
    }

    @Test func wordsThatAreColumnsAreWarnedOf() throws {
        let result = try Importing.run(
            "source: /t\nzone: UTC\nemit:\n- {type: x.a, subject: c, id: \"{#row}\", time: \"2026-01-01\"}\n",
            csv: "c,d\nC1,2\n")
        #expect(result.warnings.count == 1)
        #expect(result.warnings[0].hasSuffix("every subject is the word \"c\"; the column is written \"{c}\""))
    }

    @Test func starsInMapsAreEscaped() throws {
        let result = try Importing.run(
            """
            source: /t
            zone: UTC
            emit:
            - {type: x.a, subject: "{c}", time: "2026-01-01", data: {v: {column: c, map: {"\\\\*": star, "*": other}}}}
            """, csv: "c,d\n*,1\nx,1\n")
        #expect(result.data == [#"{"v":"star"}"#, #"{"v":"other"}"#])
    }

    @Test func filesThatCannotBeReadHaveACodeOfTheirOwn() throws {
        func code(_ file: String, _ mapping: String) throws -> ImportError.Code? {
            do {
                _ = try Importing.run(mapping, file: file)
                return nil
            } catch let error as ImportError {
                return error.code
            }
        }
        let folder = try TestFolder()
        let mapping = "source: /t\nemit:\n- {type: x.a, subject: \"{c}\"}\n"
        #expect(try code("/nowhere/f.csv", mapping) == .unreadable)
        #expect(try code(folder.path, mapping) == .unreadable)
        #expect(try code(folder.write("empty.csv", ""), mapping) == .file)
        let file = try folder.write("f.csv", "c\n1\n")
        #expect(try code(file, "lookup: {p: {file: /nowhere/p.csv, key: k}}\n" + mapping) == .unreadable)
    }

    @Test func badFilesAreNamed() throws {
        let mapping = "source: /t\nemit:\n- {type: x.a}\n"
        #expect(throws: ImportError.self) { try Importing.run(mapping, file: "/nowhere/f.csv") }
        #expect(try Importing.failure(mapping, csv: "") == "data.csv: is empty; a CSV file starts with a header")
        #expect(try Importing.failure(mapping, csv: "a,\"b\n").contains("data.csv:1: the header cannot be read"))
        let folder = try TestFolder()
        do {
            _ = try Importing.run(mapping, file: folder.path)
        } catch let error as ImportError {
            #expect(error.message == "is a folder; name the file in it")
        }
    }
}
