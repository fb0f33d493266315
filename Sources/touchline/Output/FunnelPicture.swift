import CRM

/// A funnel as a picture: a bar for each stage, as long as the share of opportunities that reached it.
enum FunnelPicture {
    private static let width = 960.0
    private static let margin = 32.0
    private static let top = 112.0
    private static let rowHeight = 46.0
    private static let barHeight = 26.0
    private static let barLeft = 236.0
    private static let barWidth = 340.0

    /// The right edges of the columns of figures.
    private static let columns = [
        ("reached", 650.0), ("current", 722.0), ("conversion", 818.0), ("median stay", 928.0),
    ]

    /// Draws the whole pipeline's figures.
    static func draw(_ answer: FunnelAnswer) -> SVGDocument {
        let figures = answer.figures
        let outcome =
            "won \(Text.count(figures.won)), lost \(Text.count(figures.lost)), open \(Text.count(figures.open))"
        let rate = "win rate \(Text.percent(figures.winRate))"
        let stages = figures.stages.map { "\($0.stage) \($0.reached)" }.joined(separator: ", ")
        var picture = SVGDocument(
            width: width, height: top + rowHeight * Double(max(1, figures.stages.count)) + 76,
            title: "Funnel \(answer.pipeline)",
            summary: "Opportunities that reached each stage: \(stages.isEmpty ? "none" : stages); \(outcome); \(rate).")
        picture.text(
            "Funnel \(answer.pipeline)", at: SVGPoint(margin, 46), size: 24, isBold: true, maxWidth: width - 2 * margin)
        picture.text(
            "\(Text.time(answer.now)), known up to \(answer.at.map(String.init) ?? "–") · \(outcome) · \(rate)",
            at: SVGPoint(margin, 70), size: 14, .muted, maxWidth: width - 2 * margin)
        for (title, right) in columns {
            picture.text(title, at: SVGPoint(right, top - 14), size: 12, .muted, anchor: .end)
        }
        if figures.stages.isEmpty {
            picture.text("no opportunity by then", at: SVGPoint(margin, top + 28), size: 14, .muted)
        }
        let most = figures.stages.map(\.reached).max() ?? 0
        for (row, stage) in figures.stages.enumerated() {
            draw(stage, at: top + rowHeight * Double(row), most: most, in: &picture)
        }
        legend(at: picture.height - 34, in: &picture)
        return picture
    }

    private static func draw(_ stage: FunnelAnswer.Stage, at y: Double, most: Int, in picture: inout SVGDocument) {
        let baseline = y + barHeight / 2 + 5
        picture.text(
            stage.stage, at: SVGPoint(margin, baseline), size: 15, maxWidth: barLeft - margin - 16)
        let unit = most > 0 ? barWidth / Double(most) : 0
        let corner = SVGPoint(barLeft, y)
        picture.rectangle(at: corner, width: unit * Double(stage.reached), height: barHeight, .soft, radius: 3)
        picture.rectangle(at: corner, width: unit * Double(stage.current), height: barHeight, .accent, radius: 3)
        let cells = [
            Text.count(stage.reached), Text.count(stage.current), Text.percent(stage.conversion),
            Text.duration(stage.timeInStage.median),
        ]
        for (cell, (_, right)) in zip(cells, columns) {
            picture.text(cell, at: SVGPoint(right, baseline), size: 15, anchor: .end)
        }
        picture.line(
            from: SVGPoint(margin, y + rowHeight - 10), to: SVGPoint(width - margin, y + rowHeight - 10), .rule)
    }

    private static func legend(at y: Double, in picture: inout SVGDocument) {
        var x = margin
        for (paint, label) in [(SVGPaint.soft, "reached the stage"), (.accent, "in it now")] {
            picture.rectangle(at: SVGPoint(x, y - 11), width: 14, height: 14, paint, radius: 2)
            picture.text(label, at: SVGPoint(x + 22, y), size: 12, .muted)
            x += 22 + SVGText.width(label, size: 12) + 24
        }
        picture.text(
            "conversion: went on or won, of those no longer under way",
            at: SVGPoint(width - margin, y), size: 12, .muted, anchor: .end, maxWidth: width - margin - x)
    }
}
