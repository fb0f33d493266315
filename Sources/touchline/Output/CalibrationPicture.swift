import CRM

/// How well predicted risks came true: ten bins of equal count, predicted to the right, observed upwards, and the
/// diagonal on which a perfect model lies.
struct CalibrationPicture {
    /// The picture.
    let document: SVGDocument

    private static let side = 360.0
    private static let left = 76.0
    private static let top = 100.0
    private static let tableLeft = left + side + 44
    private static let rowHeight = 26.0

    /// Draws an evaluation.
    init(_ answer: ChurnEvaluateAnswer) {
        let name = answer.purchases == nil ? answer.model.title : "\(answer.model.title) and signals"
        var document = SVGDocument(
            width: Self.tableLeft + 250, height: Self.top + Self.side + 68, title: "Calibration of \(name)",
            summary: "\(Text.count(answer.customers)) customers scored as of \(answer.fitUntil), observed until "
                + "\(answer.heldOutUntil): expected calibration error \(ChurnText.number(answer.calibrationError)), "
                + "AUC \(ChurnText.figure(answer.auc)), bare recency \(ChurnText.figure(answer.recencyAUC)).")
        document.text("Calibration of \(name)", at: SVGPoint(24, 34), size: 18, isBold: true)
        document.text(
            "Risk as of \(answer.fitUntil) of buying nothing in \(answer.horizonDays) days, against what happened",
            at: SVGPoint(24, 57), size: 13, .muted)
        Self.axes(&document)
        Self.bins(answer.deciles, &document)
        Self.figures(answer, name, &document)
        self.document = document
    }

    /// The place of two probabilities.
    private static func point(_ predicted: Double, _ observed: Double) -> SVGPoint {
        SVGPoint(left + predicted * side, top + (1 - observed) * side)
    }

    private static func axes(_ document: inout SVGDocument) {
        for step in 0...5 {
            let share = Double(step) / 5
            document.line(from: point(share, 0), to: point(share, 1), .rule)
            document.line(from: point(0, share), to: point(1, share), .rule)
            let label = "\(step * 20) %"
            document.text(label, at: SVGPoint(left + share * side, top + side + 18), size: 12, .muted, anchor: .middle)
            document.text(label, at: SVGPoint(left - 8, top + (1 - share) * side + 4), size: 12, .muted, anchor: .end)
        }
        document.line(from: point(0, 0), to: point(1, 1), .muted, width: 1.5, isDashed: true)
        document.text("predicted risk", at: SVGPoint(left + side / 2, top + side + 42), size: 13, anchor: .middle)
        document.text("observed", at: SVGPoint(24, top - 12), size: 13)
    }

    private static func bins(_ bins: [ChurnEvaluateAnswer.Decile], _ document: inout SVGDocument) {
        document.polyline(bins.map { point($0.predicted, $0.observed) }, .accent)
        for bin in bins {
            document.circle(
                at: point(bin.predicted, bin.observed), radius: 5, .accent,
                hint: "predicted \(Text.percent(bin.predicted)), observed \(Text.percent(bin.observed)), "
                    + "\(Text.count(bin.customers)) customers")
        }
    }

    /// The figures beside the plot, bare recency below the model.
    private static func figures(_ answer: ChurnEvaluateAnswer, _ name: String, _ document: inout SVGDocument) {
        var row = 0.0
        func line(_ label: String, _ value: String, isBold: Bool = false) {
            let y = top + 12 + row * rowHeight
            document.text(label, at: SVGPoint(tableLeft, y), size: 13, isBold ? .ink : .muted, isBold: isBold)
            document.text(value, at: SVGPoint(tableLeft + 226, y), size: 13, anchor: .end, isBold: isBold)
            row += 1
        }
        line("customers", Text.count(answer.customers))
        line("bought nothing", Text.count(answer.stayedAway))
        line("until", answer.heldOutUntil)
        row += 0.5
        line(name, "", isBold: true)
        line("AUC", ChurnText.figure(answer.auc))
        line("Brier score", ChurnText.number(answer.brier))
        line("calibration error", ChurnText.number(answer.calibrationError))
        if let purchases = answer.purchases {
            row += 0.5
            line("\(answer.model.title) alone", "", isBold: true)
            line("AUC", ChurnText.figure(purchases.auc))
            line("calibration error", ChurnText.number(purchases.calibrationError))
        }
        row += 0.5
        line("Bare recency", "", isBold: true)
        line("AUC", ChurnText.figure(answer.recencyAUC))
    }
}
