import Foundation

@testable import CRM
@testable import EventLog
@testable import TouchlineService

// The folder's own files, and the one event that is decoded into more than a row.

extension FuzzTarget {
    /// A user's catalogue: problems are named, and one that is good judges events.
    package static let catalogue = FuzzTarget(
        name: "catalogue", bytesMax: 4_096,
        check: { bytes in
            let text = String(decoding: bytes, as: UTF8.self)
            let catalogue: Catalogue
            do throws(DefinitionError) {
                catalogue = try Catalogue.load(user: text)
            } catch {
                try require(!error.problems.isEmpty, "a bad catalogue has problems")
                return
            }
            for type in catalogue.types.suffix(8) {
                for data in [nil, #"{"a":1}"#, #"{"amount":"1.50","currency":"EUR","list":[{}]}"#] {
                    let draft = EventDraft(type: type.name, subject: "C-1", data: data.map { Array($0.utf8) })
                    _ = try? catalogue.validate(draft)
                }
                _ = catalogue.near(type: type.name + "x")
            }
        },
        seeds: { _ in
            [
                """
                version: 1
                currencies: [XTS]
                types:
                  shop.visited:
                    summary: A customer came in.
                    subject: optional
                    fields:
                      shop: {kind: text, required: true, summary: Where.}
                      spent: money
                      seen: {kind: list, of: text}
                  purchase.completed:
                    fields: {channel: {kind: text, personal: true}}
                """, "types: {a.b: {summary: x, fields: {c: {kind: object, fields: {d: integer}}}}}",
            ].map { Array($0.utf8) }
        })

    /// A user's pipelines: problems are named, and good ones have stages.
    package static let pipelines = FuzzTarget(
        name: "pipelines", bytesMax: 2_048,
        check: { bytes in
            let definitions: PipelineDefinitions
            do throws(DefinitionError) {
                definitions = try PipelineDefinitions(yaml: String(decoding: bytes, as: UTF8.self))
            } catch {
                try require(!error.problems.isEmpty, "bad pipelines have problems")
                return
            }
            for pipeline in definitions.pipelines {
                let stages = Set(pipeline.stages.map(\.name))
                try require(!stages.isEmpty && stages.count == pipeline.stages.count, "it has stages, each once")
                for stage in pipeline.stages {
                    try require(stage.probability.map { (0...1).contains($0) } ?? true, "a probability is one")
                    try require(stage.limitDays.map { $0 > 0 && $0.isFinite } ?? true, "a limit is a length of time")
                }
            }
        },
        seeds: { _ in
            [
                """
                pipelines:
                  default:
                    stages:
                      - {name: qualify, probability: 0.1, limit: 14d}
                      - proposal
                      - name: 谈判
                        limit: 3w
                  renewals: {stages: [asked, agreed]}
                """, "pipelines: {a: {stages: [{name: b, probability: 1e-3}, b]}}",
            ].map { Array($0.utf8) }
        })

    /// A user's segments: problems are named, and a condition that passes can be asked of a row.
    package static let segments = FuzzTarget(
        name: "segments", bytesMax: 2_048,
        check: { bytes in
            let text = String(decoding: bytes, as: UTF8.self)
            do throws(DefinitionError) {
                try SegmentsQuery.check(text, path: "segments.yaml")
            } catch {
                try require(!error.problems.isEmpty, "bad segments have problems")
                return
            }
            let names = try SegmentDefinitions(yaml: text).segments.map(\.name)
            try require(Set(names).count == names.count, "every segment has a name of its own")
        },
        seeds: { _ in
            [
                """
                segments:
                  - name: sleeping
                    description: Bought often, not lately.
                    where: purchases >= 5 AND last_purchase < date(:now, '-90 days')
                  - name: 大客户
                    where: json_extract(spent, '$.CNY') > 1000 AND tags LIKE '%"vip"%'
                """, "segments: [{name: a, where: \"(SELECT 1)\"}, {name: a, where: \"risk > .5 OR rfm IN ('555')\"}]",
            ].map { Array($0.utf8) }
        })

    /// A folder's `config.yaml`: what is taken is written and read again.
    package static let config = FuzzTarget(
        name: "config", bytesMax: 1_024,
        check: { bytes in
            let configuration: FolderConfiguration
            do {
                configuration = try FolderConfiguration.parse(Data(bytes), path: "config.yaml")
            } catch is ServiceError {
                return
            }
            let again = try? FolderConfiguration.parse(Data(configuration.text.utf8), path: "config.yaml")
            try require(again == configuration, "a configuration is read as it was written")
        },
        seeds: { _ in
            [
                Array(FolderConfiguration(zone: "Asia/Shanghai").text.utf8),
                Array("format: 1\nsegment_bytes_max: 4096\nevent_bytes_max: 0x2000\nzone: 'UTC'\n".utf8),
            ]
        })

    /// The data of an event, checked by the catalogue and read as a model of churn: what is usable is published again.
    package static let model = FuzzTarget(
        name: "model", bytesMax: 2_048,
        check: { bytes in
            guard let data = try? JSONText.normalised(bytes) else { return }
            for type in ["churn.model_published", "purchase.completed", "customer.registered", "deal.stage_changed"] {
                _ = try? kinds.validate(EventDraft(type: type, subject: nil, data: data))
                _ = try? kinds.validate(EventDraft(type: type, subject: "C-1", data: data))
            }
            guard case .success(let model) = ChurnModel.read(event(data)) else { return }
            let again = model.eventData
            try require((try? JSONText.normalised(again)) == again, "a model's data is JSON")
            guard case .success(let same) = ChurnModel.read(event(again)) else {
                throw Broken("a model that was published is usable")
            }
            try require(same == model, "a model is read as it was published")
            _ = (model.row, model.hasWeights, model.model == nil)
        },
        seeds: { lines in
            [
                #"{"model":"bg","parameters":{"r":0.24,"alpha":4.4,"a":0.79,"b":2.4},"horizon_days":182,"beta":{"silence":0.5},"half_lives":{"low_survey":90},"fitted_until":"1998-06-30","log_likelihood":-9582.4,"customers":2357,"repeat_buyers":1000,"notes":["x"]}"#,
                #"{"model":"pareto","parameters":{"r":"0.55","alpha":10.5,"s":0.6,"beta":11.6}}"#,
            ].map { Array($0.utf8) } + lines.sent.prefix(5)
        })

    private static func event(_ data: [UInt8]) -> StoredEvent {
        let line = Array("{}".utf8) + data + Array("}".utf8)
        return StoredEvent(
            sequence: 1, time: Instant(microseconds: 0), recordedTime: Instant(microseconds: 0),
            type: "churn.model_published", subject: nil, line: line[...], dataStart: 2)
    }
}
