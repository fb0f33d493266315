import CRM
import Testing

@testable import CSVImport

/// A draft is a mapping that imports its file without a complaint.
@Suite struct DraftTests {
    private func draft(_ name: String, _ bytes: [UInt8]) throws -> (yaml: String, result: ImportResult) {
        let folder = try TestFolder()
        let file = try folder.write(name, bytes)
        let yaml = try ImportDraft(file: file).yaml
        let result = try Importing.run(yaml, file: file)
        let catalogue = try Catalogue.load()
        for event in result.events { _ = try catalogue.validate(event.draft) }
        #expect(result.rejected == [])
        return (yaml, result)
    }

    private func draft(_ name: String, _ text: String) throws -> (yaml: String, result: ImportResult) {
        try draft(name, Array(text.utf8))
    }

    @Test func invoices() throws {
        let (yaml, result) = try draft(
            "retail.csv",
            """
            InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
            536365,85123A,"HOLDER, WHITE",6,12/1/2010 8:26,2.55,17850.0,United Kingdom
            536365,71053,LANTERN,6,12/1/2010 8:26,3.39,17850.0,United Kingdom
            C536379,D,Discount,-1,12/13/2010 9:41,27.50,14527.0,United Kingdom
            536414,22139,,56,12/1/2010 11:52,0.00,,United Kingdom

            """)
        #expect(yaml.contains("zone: UTC"))
        #expect(yaml.contains("format: \"M/d/yyyy[ H:mm"))
        #expect(result.types == ["purchase.completed", "purchase.refunded"])
        #expect(
            result.data == [
                #"{"order":"536365","amount":"35.64","currency":"USD"}"#,
                #"{"order":"C536379","amount":"27.50","currency":"USD"}"#,
            ])
        #expect(result.counts.skippedByReason == ["no CustomerID": 1])
    }

    @Test func processLogs() throws {
        let (_, result) = try draft(
            "bpi.csv",
            """
            case:concept:name,case:REG_DATE,case:AMOUNT_REQ,concept:name,time:timestamp,lifecycle:transition
            173688,2011-10-01 00:38:44+02:00,20000,A_SUBMITTED,2011-10-01 00:38:44.546000+02:00,COMPLETE
            173688,2011-10-01 00:38:44+02:00,20000,W_WORK,2011-10-01 00:39:00+02:00,START
            173688,2011-10-01 00:38:44+02:00,20000,A_ACCEPTED,2011-10-02 00:39:00.100000+02:00,COMPLETE

            """)
        #expect(result.types == ["opportunity.opened", "opportunity.stage_changed"])
        #expect(result.subjects == ["173688", "173688"])
        #expect(result.counts.skipped == 1)
    }

    @Test func listsWithSemicolonsAndDecimalCommas() throws {
        let (yaml, result) = try draft(
            "kunden.csv", "kunde_id;datum;betrag\nK1;13.02.2026 09:15;\"1.234,50\"\nK2;14.02.2026;12,00\n")
        #expect(yaml.contains("decimal: \",\""))
        #expect(result.types == ["x.kunden", "x.kunden"])
        let (_, bank) = try draft(
            "bank-full.csv", "\"age\";\"job\";\"y\"\n58;\"management\";\"no\"\n44;\"technician\";\"no\"\n")
        #expect(
            bank.data == [#"{"age":"58","job":"management","y":"no"}"#, #"{"age":"44","job":"technician","y":"no"}"#])
        #expect(bank.types == ["x.bank_full", "x.bank_full"])
    }

    @Test func otherEncodings() throws {
        let chinese: [UInt8] = [
            0xBF, 0xCD, 0xBB, 0xA7, 0x2C, 0xBD, 0xF0, 0xB6, 0xEE, 0x0A, 0xBC, 0xD7, 0x2C, 0x35, 0x0A,
        ]
        let (yaml, result) = try draft("c.csv", chinese)
        #expect(yaml.contains("encoding: gb18030"))
        #expect(result.subjects == ["甲"])
        let (latin, _) = try draft("l.csv", Array("id,name\n1,caf".utf8) + [0xE9, 0x0A])
        #expect(latin.contains("encoding: latin1"))
    }

    @Test func filesWithoutHeaderAndWithOddHeaders() throws {
        let (yaml, result) = try draft("sample.txt", " 00004 19970101 2 29.33\n 00004 19970118 2 29.73\n")
        #expect(yaml.contains("delimiter: whitespace"))
        #expect(yaml.contains("columns: [\"column1\""))
        #expect(result.times == ["1997-01-01T00:00:00Z", "1997-01-18T00:00:00Z"])
        let (_, twins) = try draft("twins.csv", "a,a,,\"b\"\"{x}\"\n1,2,3,4\n")
        #expect(twins.data == [#"{"a":"1","a 2":"2","column3":"3","b\"{x}":"4"}"#])
        let (_, one) = try draft("one.csv", "word\nhello\n")
        #expect(one.events.count == 1)
    }

    @Test func delimitersAtTheEndOfLines() throws {
        let rows = (1...12).map { "K\($0 % 5 + 3);0\($0 % 9 + 1).02.2026;\"Nr, \($0)\";\($0),50;\n" }.joined()
        for header in ["kunde;datum;text, lang;betrag\n", "kunde;datum;text, lang;betrag;\n"] {
            let (yaml, result) = try draft("bom.csv", "\u{FEFF}" + header + rows)
            #expect(yaml.contains("delimiter: \";\"") && yaml.contains("decimal: \",\""), "\(yaml)")
            #expect(result.events.count == 12)
            #expect(
                result.data.first == #"{"kunde":"K4","datum":"02.02.2026","text, lang":"Nr, 1","betrag":"1,50"}"#)
        }
        let (_, bare) = try draft("bare.csv", "a;b;\n1;2\n3;4;\n")
        #expect(bare.data == [#"{"a":"1","b":"2"}"#, #"{"a":"3","b":"4"}"#])
    }

    @Test func filesWithoutHeader() throws {
        let (yaml, result) = try draft(
            "touches.tsv", "C-1001\tmail\tspring\nC-1002\tcall\tspring\nC-1003\tmail\tsummer\n")
        #expect(yaml.contains("columns: [\"column1\""))
        #expect(result.events.count == 3)
        let (_, dated) = try draft("t.tsv", "a\t13.02.2026 09:15\nb\t14.02.2026 09:15\n")
        #expect(dated.times == ["2026-02-13T09:15:00Z", "2026-02-14T09:15:00Z"])
    }

    @Test func categoriesAreNoSubjects() throws {
        let rows = (1...40).map { "\($0);\($0 % 2 == 0 ? "cellular" : "telephone");no\n" }.joined()
        let (_, result) = try draft("bank.csv", "age;contact;y\n" + rows)
        #expect(Set(result.subjects).count == 40)
    }

    @Test(arguments: [
        "2026年3月1日 下午1:05:09", "2026年3月1日下午1:05:09", "2026年3月1日 13:05:09", "2026年3月1日13:05:09",
        "2026年3月1日 13时5分9秒", "2026/3/1 下午1:05:09", "2026-3-1 下午 1:05:09",
    ])
    func chineseTimes(_ spelled: String) throws {
        let (_, result) = try draft("log.csv", "客户,时间\nC1,\(spelled)\nC2,\(spelled)\n")
        #expect(result.times == ["2026-03-01T13:05:09Z", "2026-03-01T13:05:09Z"])
    }

    @Test func thousandsBetweenCommas() throws {
        let (yaml, _) = try draft("p.csv", "name,count\na,\"1,234\"\nb,5\n")
        #expect(yaml.contains("decimal: \".\""))
    }

    @Test func personalColumnsAreNoSubjects() throws {
        let (yaml, result) = try draft(
            "people.csv", "customer_phone,client_email,when\n13812345678,a@b.cn,2026-01-01T00:00:00Z\n")
        #expect(result.subjects == ["row:1"])
        #expect(!yaml.contains("13812345678"))
    }

    @Test func emptyFilesAreNamed() throws {
        let folder = try TestFolder()
        let file = try folder.write("empty.csv", "\n\n")
        #expect(throws: ImportError.self) { try ImportDraft(file: file) }
    }
}
