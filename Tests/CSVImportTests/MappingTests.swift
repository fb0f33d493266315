import CRM
import EventLog
import Testing

@testable import CSVImport

/// Every construct of the mapping language, on small files.
@Suite struct MappingTests {
    private static let plain = """
        source: /t
        zone: UTC
        emit:
        - {type: x.row, id: "{#row}", subject: "{c}", time: "{t}", data: {v: "{v}"}}

        """

    @Test func templatesAndEmptyValues() throws {
        let result = try Importing.run(
            """
            source: /t
            zone: UTC
            emit:
            - type: x.row
              id: "{#row}/{case:concept:name}"
              subject: "lead:{c d}"
              time: "{time:timestamp}"
              data: {a: "{{{v}}}", b: "{v}-{w}", none: "pre {w}", literal: same, nothing: ~, "key \\"x\\"": "{v}"}
            """,
            csv:
                "c d,case:concept:name,time:timestamp,v,w\nC1,K 1,2026-01-01,\"a\"\"\\\n\u{1}\",\nC2,K2,2026-01-02 10:00Z,  ,z\n"
        )
        #expect(result.rejected == [])
        #expect(result.ids == ["1/K 1", "2/K2"])
        #expect(result.subjects == ["lead:C1", "lead:C2"])
        #expect(result.times == ["2026-01-01T00:00:00Z", "2026-01-02T10:00:00Z"])
        #expect(
            result.data[0]
                == #"{"a":"{a\"\\\n\u0001}","b":"a\"\\\n\u0001-","literal":"same","key \"x\"":"a\"\\\n\u0001"}"#)
        #expect(result.data[1] == #"{"b":"  -z","none":"pre z","literal":"same"}"#)
        for event in result.events { _ = try JSONText.normalised(Array(event.json.utf8)) }
    }

    @Test func headersMayHoldAnything() throws {
        let result = try Importing.run(
            """
            source: /t
            emit:
            - {type: x.row, subject: "{a}b}", data: {x: "{ {y: 1} }", z: "{ spaced }", w: "{trimmed}"}}
            """,
            csv: "a}b, {y: 1} , spaced , trimmed\ns,1,2,3\n")
        #expect(result.subjects == ["s"])
        #expect(result.data == [#"{"x":"1","z":"2","w":"3"}"#])
        #expect(result.warnings.count == 1)
    }

    @Test func kindsDecideTheJSON() throws {
        let result = try Importing.run(
            """
            source: /t
            zone: Asia/Shanghai
            defaults: {subject: "{c}", time: "{t}"}
            emit:
            - type: call.completed
              data: {direction: inbound, seconds: "{n}", next: {column: d, format: "d.M.yyyy H:mm"}, note: "{n}"}
            - type: quote.sent
              data: {quote: "{n}", amount: "{a}", currency: CNY, valid_until: {column: d, format: "d.M.yyyy H:mm"}}
            - type: customer.updated
              data: {set: {name: "{n}", tier: {column: a}}}
            - type: purchase.completed
              data: {order: "{n}", amount: "{a}", currency: CNY, items: "{n}", lines: "{l}"}
            """,
            csv: "c,t,n,a,d,l\nC1,2026-01-01,3.0,012.50,1.2.2026 8:05,\"[ {\"\"sku\"\": 1.0}, 2 ]\"\n")
        #expect(result.rejected == [])
        #expect(
            result.data == [
                #"{"direction":"inbound","seconds":3,"next":"2026-02-01T08:05:00+08:00","note":"3.0"}"#,
                #"{"quote":"3.0","amount":"12.50","currency":"CNY","valid_until":"2026-02-01"}"#,
                #"{"set":{"name":"3.0","tier":"012.50"}}"#,
                #"{"order":"3.0","amount":"12.50","currency":"CNY","items":3,"lines":[{"sku":1.0},2]}"#,
            ])
        let catalogue = try Catalogue.load()
        for event in result.events { _ = try catalogue.validate(event.draft) }
    }

    @Test func booleansAndTypesOfTheUsersOwnCatalogue() throws {
        let catalogue = try Catalogue.load(
            user: "version: 1\ntypes:\n  shop.visited:\n    summary: s\n    fields:\n      flag: {kind: boolean}\n")
        let folder = try TestFolder()
        let file = try folder.write("d.csv", "c,f\nC1,Yes\nC2,0\nC3,\nC4,maybe\n")
        let result = try Importing.run(
            "source: /t\nemit:\n- {type: shop.visited, subject: \"{c}\", data: {flag: \"{f}\"}}\n", file: file,
            kinds: catalogue)
        #expect(result.data == ["{\"flag\":true}", "{\"flag\":false}", "{}"])
        #expect(result.rejected.map(\.line) == [5])
        #expect(result.rejected[0].cause.contains("f \"maybe\" is neither true nor false"))
    }

    @Test func conditions() throws {
        let mapping = """
            source: /t
            defaults: {subject: "{c}"}
            emit:
            - {when: {s: A}, type: x.equals}
            - {when: {s: [B, "C*"]}, type: x.list}
            - {when: {s: "*mid*x"}, type: x.glob}
            - {when: {s: ""}, type: x.empty}
            - {when: {n: "<0"}, type: x.below}
            - {when: {n: ">0", s: {not: ["", A]}}, type: x.above}
            - {when: {s: "\\\\*"}, type: x.star}
            - {when: {first_of: s, n: ">0"}, type: x.first}
            - {otherwise: true, type: x.otherwise}
            """
        let result = try Importing.run(
            mapping,
            csv: "c,s,n\n1,A,0\n2,B,0\n3,Cx,1\n4,a mid b x,\n5,  ,-1\n6,*,-0.0\n7,A,x\n8,D,0\n9,D,5\n")
        let found = Dictionary(grouping: result.events, by: { $0.draft.subject ?? "" }).mapValues {
            $0.map(\.draft.type)
        }
        #expect(found["1"] == ["x.equals"])
        #expect(found["2"] == ["x.list"])
        #expect(found["3"] == ["x.list", "x.above", "x.first"])
        #expect(found["4"] == ["x.glob"])
        #expect(found["5"] == ["x.empty", "x.below"])
        #expect(found["6"] == ["x.star"])
        #expect(found["7"] == ["x.equals"])
        #expect(found["8"] == ["x.otherwise"])
        #expect(found["9"] == ["x.above"])
        #expect(result.counts.eventsByRule == [2, 2, 1, 1, 1, 2, 1, 1, 1])
    }

    @Test func skippedAndRejectedRowsAreNeverTheFirst() throws {
        let result = try Importing.run(
            """
            source: /t
            zone: UTC
            skip:
            - {when: {p: {not: COMPLETE}}, reason: not complete}
            defaults: {subject: "{c}", time: "{t}"}
            emit:
            - {when: {first_of: c}, type: x.opened}
            - {otherwise: true, type: x.moved}
            """,
            csv: "c,p,t\nK,START,2026-01-01\nK,COMPLETE,never\nK,COMPLETE,2026-01-02\nK,COMPLETE,2026-01-03\n")
        #expect(result.types == ["x.opened", "x.moved"])
        #expect(result.events.map(\.line) == [4, 5])
        #expect(result.skipped.map(\.reason) == ["not complete"])
        #expect(result.rejected.map(\.line) == [3])
        #expect(result.counts.skippedByReason == ["not complete": 1])
        #expect(result.counts.rows == 4)
    }

    @Test func mapsFirstsLookupsAndArithmetic() throws {
        let folder = try TestFolder()
        try folder.write("products.csv", "code;title;since\nA;Apple;2020-01-02\nB;Pear;\nA;Second;\n")
        let file = try folder.write(
            "d.csv", "c,k,mobile,phone,p,q,price\n1,o,,111,A,2,1.50\n2,x,222,111,B,-3,0.1\n3,,,,Z,,1\n4,w,,,A,1,1\n")
        let result = try Importing.run(
            """
            source: /t
            lookup: {products: {file: products.csv, key: code, delimiter: ";"}}
            emit:
            - type: {column: k, map: {o: ticket.opened, w: x.won, "*": "x.{k}", "": x.none}}
              subject: "{c}"
              data:
                ticket: "{c}"
                product: {lookup: products, by: p, column: title}
                since: {lookup: products, by: p, column: since, format: "yyyy-MM-dd"}
                phone: {first: [mobile, phone, "{c}?"]}
                worth: {multiply: [q, price]}
                size: {abs: q}
                triple: {multiply: [q, 3, {abs: price}]}
            """, file: file, folder: folder.path)
        #expect(result.rejected == [])
        #expect(result.types == ["ticket.opened", "x.x", "x.none", "x.won"])
        #expect(
            result.data == [
                #"{"ticket":"1","product":"Apple","since":"2020-01-02","phone":"111","worth":"3.00","size":"2","triple":"9.00"}"#,
                #"{"ticket":"2","product":"Pear","phone":"222","worth":"-0.3","size":"3","triple":"-0.9"}"#,
                #"{"ticket":"3","phone":"3?"}"#,
                #"{"ticket":"4","product":"Apple","since":"2020-01-02","phone":"4?","worth":"1","size":"1","triple":"3"}"#,
            ])
    }

    @Test func aMapWithoutTheValueRejectsTheRow() throws {
        let result = try Importing.run(
            "source: /t\nemit:\n- {type: x.row, subject: \"{c}\", data: {v: {column: v, map: {a: b}}}}\n",
            csv: "c,v\n1,a\n2,z\n3,\n")
        #expect(result.data == ["{\"v\":\"b\"}", "{}"])
        #expect(
            result.rejected == [
                RejectedRow(line: 3, row: 2, cause: "v \"z\" has no entry in the map; add one, or \"*\" for all others")
            ])
    }

    @Test func groupsAreOfTheWholeFile() throws {
        let result = try Importing.run(
            """
            source: /t
            zone: UTC
            emit:
            - {per: [i, j], type: x.group, id: "{i}{j}", subject: "{c}", time: "{t}",
               data: {total: {sum: {multiply: [q, p]}}, parts: {sum: q}, size: {abs: {sum: q}}, first: "{q}"}}
            - {type: x.row, subject: "{c}", data: {q: "{q}"}}
            """,
            csv:
                "i,j,c,t,q,p\nA,1,C1,2026-01-01,2,1.50\nB,1,C2,2026-01-02,-1,10\nA,2,C1,2026-01-03,1,1\nA,1,C9,2026-02-01,3,0.10\nB,1,C2,x,4,\n"
        )
        #expect(result.events.map(\.rule) == [1, 2, 1, 2, 1, 2, 2, 2])
        #expect(result.events.filter { $0.rule == 1 }.map(\.draft.id) == ["A1", "B1", "A2"])
        #expect(
            result.events.filter { $0.rule == 1 }.map { String(decoding: $0.draft.data ?? [], as: UTF8.self) } == [
                #"{"total":"3.30","parts":"5","size":"5","first":"2"}"#,
                #"{"total":"-10","parts":"3","size":"3","first":"-1"}"#,
                #"{"total":"1","parts":"1","size":"1","first":"1"}"#,
            ])
        #expect(result.rejected == [])
    }

    @Test func aRejectedRowAddsNothing() throws {
        let result = try Importing.run(
            """
            source: /t
            zone: UTC
            emit:
            - {per: [i], type: x.group, id: "{i}", subject: "{c}", time: "{t}", data: {total: {sum: q}, first: "{q}"}}
            """,
            csv:
                "i,c,t,q\nA,C1,bad,1\nA,C1,2026-01-01,10\nA,C1,2026-01-01,ten\nA,C1,later,100\n,C1,2026-01-01,5\nA,C1,2026-01-01\n"
        )
        #expect(result.data == [#"{"total":"110","first":"10"}"#])
        #expect(result.rejected.map(\.line) == [2, 4, 6, 7])
        #expect(result.rejected[1].cause.contains("q \"ten\" is no number"))
        #expect(result.rejected[2].cause.contains("i is empty"))
        #expect(result.rejected[3].cause == "has 3 fields where the header has 4")
        #expect(result.counts.grouped == 1)
    }

    @Test func idsTellEqualRowsApart() throws {
        let mapping = "source: /t\nemit:\n- {type: x.a, subject: \"{c}\"}\n- {type: x.b, subject: \"{c}\"}\n"
        let result = try Importing.run(mapping, csv: "c,v\n1,x\n1,x\n\"1\",x\n2,x\n")
        let ids = result.ids.compactMap { $0 }
        #expect(Set(ids).count == 8)
        #expect(ids[0].hasSuffix("-1") && ids[1].hasSuffix("-2") && ids[2] == ids[0] + "-2" && ids[4] == ids[0] + "-3")
        // The rest of the file and its line ends do not matter, so an export that overlaps adds nothing twice.
        let other = try Importing.run(mapping, csv: "c,v\r\n3,x\r\n1,x\r\n")
        #expect(other.ids[2] == ids[0])
        #expect(result.importID != other.importID)
        #expect(
            try Importing.run(mapping, csv: "c,v\n1,x\n").importID == Importing.run(mapping, csv: "c,v\n1,x\n").importID
        )
        #expect(
            result.events.allSatisfy {
                $0.draft.extensions == [.init(name: "importid", value: JSONText.string(result.importID))]
            })
    }

    @Test func raggedRowsAreRejectedWithTheirLine() throws {
        let result = try Importing.run(
            Self.plain, csv: "c,t,v\n1,2026-01-01,a\n2,2026-01-01\n3,2026-01-01,b,\n4,2026-01-01,b,c\n\n\n")
        #expect(result.subjects == ["1", "3"])
        #expect(result.rejected.map(\.line) == [3, 5])
        #expect(result.rejected[0].cause == "has 2 fields where the header has 3")
        #expect(result.rejected[1].cause.hasPrefix("has 4 fields where the header has 3"))
    }

    @Test func rowsWithoutSubjectOrTimeAreRejected() throws {
        let result = try Importing.run(Self.plain, csv: "c,t,v\n,2026-01-01,a\n2,,b\n3,soon,b\n\"a\tb\",2026-01-01,c\n")
        #expect(result.events.isEmpty)
        #expect(
            result.rejected.map(\.cause).enumerated().allSatisfy { index, cause in
                cause.contains(
                    [
                        "no subject: c \"\" is empty", "no time: t \"\" is empty", "t \"soon\" is not a time",
                        "control character",
                    ][index])
            })
    }

    @Test func aRowWithoutARuleIsRejected() throws {
        let result = try Importing.run("source: /t\nemit:\n- {when: {c: a}, type: x.a, subject: s}\n", csv: "c\na\nb\n")
        #expect(result.rejected.map(\.line) == [3])
        #expect(result.rejected[0].cause.hasPrefix("no rule matches"))
    }

    @Test func columnsReplaceOrNameTheHeader() throws {
        let body = "source: /t\nemit:\n- {type: x.row, subject: \"{b}\"}\n"
        #expect(try Importing.run("file: {columns: [a, b]}\n" + body, csv: "1,2\n3,4\n").subjects == ["2", "4"])
        #expect(
            try Importing.run("file: {columns: [a, b], header: true}\n" + body, csv: "x,x\n3,4\n").subjects == ["4"])
    }

    @Test func gb18030FilesAndChineseHeaders() throws {
        // 客户,金额 / 甲,5
        let bytes: [UInt8] = [0xBF, 0xCD, 0xBB, 0xA7, 0x2C, 0xBD, 0xF0, 0xB6, 0xEE, 0x0D, 0x0A, 0xBC, 0xD7, 0x2C, 0x35]
        let result = try Importing.run(
            "file: {encoding: gb18030}\nsource: /t\nemit:\n- {type: x.row, subject: \"{客户}\", data: {v: \"{金额}\"}}\n",
            bytes: bytes)
        #expect(result.subjects == ["甲"])
        #expect(result.data == ["{\"v\":\"5\"}"])
    }

    @Test func systemEventsHaveNoSubject() throws {
        let result = try Importing.run(
            "source: /t\ndefaults: {subject: \"{c}\"}\nemit:\n- {type: campaign.defined, subject: \"\", data: {campaign: \"{c}\"}}\n",
            csv: "c\nSpring\n")
        #expect(result.subjects == [nil])
    }

    @Test func progressEndsAtTheEnd() throws {
        let folder = try TestFolder()
        let file = try folder.write("d.csv", "c,q\n" + (0..<200_000).map { "\($0),1\n" }.joined())
        var reports: [(Int64, Int64)] = []
        let importer = try CSVImporter(
            mapping: "source: /t\nemit:\n- {per: [q], type: x.g, subject: \"{c}\", data: {n: {sum: q}}}\n",
            mappingName: "m",
            file: file, kinds: try Catalogue.load()
        ) { reports.append(($0, $1)) }
        while try importer.next() != nil {}
        #expect(reports.last?.0 == reports.last?.1)
        #expect(reports.last?.1 == 3 * importer.fileBytes)
        #expect(zip(reports, reports.dropFirst()).allSatisfy { $0.0 <= $1.0 })
        #expect(importer.counts.events == 1)
        #expect(importer.counts.grouped == 199_999)
    }
}
