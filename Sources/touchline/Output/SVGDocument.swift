import Foundation
import SystemPackage
import TouchlineService

/// A point of a picture, in its units; y grows downwards.
struct SVGPoint: Equatable {
    /// To the right of the left edge.
    var x: Double
    /// Below the upper edge.
    var y: Double

    init(_ x: Double, _ y: Double) {
        self.x = x
        self.y = y
    }
}

/// A picture as one SVG file that needs nothing beside it: no script, no font, no other file.
///
/// Shapes are painted by what they stand for (`SVGPaint`), so the picture can be read in light and in dark
/// surroundings. It has a background of its own and a title and a description for those who cannot see it.
struct SVGDocument {
    /// Where text begins.
    enum Anchor: String {
        /// At the point.
        case start
        /// Half before it, half behind it.
        case middle
        /// It ends at the point.
        case end
    }

    /// The width, in units that are pixels unless the picture is scaled.
    let width: Double
    /// The height.
    let height: Double
    private let title: String
    private let summary: String
    private var shapes: [String] = []

    /// An empty picture.
    ///
    /// - Parameters:
    ///   - title: what it shows, in a few words.
    ///   - summary: the same in a sentence with the most important figures, for those who cannot see it.
    init(width: Double, height: Double, title: String, summary: String) {
        self.width = width
        self.height = height
        self.title = title
        self.summary = summary
        rectangle(at: SVGPoint(0, 0), width: width, height: height, .surface)
    }

    /// A filled rectangle.
    mutating func rectangle(
        at corner: SVGPoint, width: Double, height: Double, _ paint: SVGPaint, radius: Double = 0
    ) {
        let round = radius > 0 ? " rx=\"\(Self.number(radius))\"" : ""
        add(
            "<rect class=\"\(paint.fillClass)\" \(Self.place(corner)) width=\"\(Self.number(max(0, width)))\" "
                + "height=\"\(Self.number(max(0, height)))\"\(round)/>")
    }

    /// A straight line.
    mutating func line(
        from start: SVGPoint, to end: SVGPoint, _ paint: SVGPaint, width: Double = 1, isDashed: Bool = false
    ) {
        add(
            "<line class=\"\(paint.strokeClass)\" x1=\"\(Self.number(start.x))\" y1=\"\(Self.number(start.y))\" "
                + "x2=\"\(Self.number(end.x))\" y2=\"\(Self.number(end.y))\" stroke-width=\"\(Self.number(width))\""
                + (isDashed ? " stroke-dasharray=\"4 4\"/>" : "/>"))
    }

    /// A line through points.
    mutating func polyline(_ points: [SVGPoint], _ paint: SVGPaint, width: Double = 2) {
        let list = points.map { "\(Self.number($0.x)),\(Self.number($0.y))" }.joined(separator: " ")
        add(
            "<polyline class=\"\(paint.strokeClass)\" points=\"\(list)\" stroke-width=\"\(Self.number(width))\" "
                + "stroke-linejoin=\"round\"/>")
    }

    /// A filled circle; `hint` is shown by programs that show such hints.
    mutating func circle(at centre: SVGPoint, radius: Double, _ paint: SVGPaint, hint: String? = nil) {
        let start =
            "<circle class=\"\(paint.fillClass)\" cx=\"\(Self.number(centre.x))\" cy=\"\(Self.number(centre.y))\" "
            + "r=\"\(Self.number(radius))\""
        add(hint.map { "\(start)><title>\(SVGText.escaped($0))</title></circle>" } ?? start + "/>")
    }

    /// A line of text on its baseline.
    ///
    /// - Parameter maxWidth: what it may take; longer text is cut, and whole in its hint.
    mutating func text(
        _ text: String, at point: SVGPoint, size: Double = 14, _ paint: SVGPaint = .ink, anchor: Anchor = .start,
        isBold: Bool = false, maxWidth: Double? = nil
    ) {
        let shown = maxWidth.map { SVGText.cut(text, to: $0, size: size) } ?? text
        let hint = shown == text ? "" : "<title>\(SVGText.escaped(text))</title>"
        add(
            "<text class=\"\(paint.fillClass)\" \(Self.place(point)) font-size=\"\(Self.number(size))\""
                + (anchor == .start ? "" : " text-anchor=\"\(anchor.rawValue)\"")
                + (isBold ? " font-weight=\"600\"" : "") + ">\(SVGText.escaped(shown))\(hint)</text>")
    }

    private mutating func add(_ shape: String) { shapes.append(shape) }

    /// The file's text.
    var fileText: String {
        let size = "\(Self.number(width)) \(Self.number(height))"
        return """
            <?xml version="1.0" encoding="UTF-8"?>
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(size)" width="\(Self.number(width))" \
            height="\(Self.number(height))" role="img" font-family="\(SVGText.escaped(SVGText.fontFamily))">
            <title>\(SVGText.escaped(title))</title>
            <desc>\(SVGText.escaped(summary))</desc>
            <style>
            \(SVGPaint.styleSheet)
            </style>
            \(shapes.joined(separator: "\n"))
            </svg>

            """
    }

    /// Writes the file, in place of one that is there.
    ///
    /// - Throws: `ServiceError` of kind `io` with the place and the mend.
    func write(to path: String) throws {
        do {
            let file = try FileDescriptor.open(
                FilePath(path), .writeOnly, options: [.create, .truncate],
                permissions: [.ownerReadWrite, .groupRead, .otherRead])
            try file.closeAfter { _ = try file.writeAll(fileText.utf8) }
        } catch let error as Errno {
            throw ServiceError(
                .io, "\(path): the picture cannot be written (\(error)); name a file in a folder you may write to")
        }
    }

    private static func place(_ point: SVGPoint) -> String { "x=\"\(number(point.x))\" y=\"\(number(point.y))\"" }

    /// A number with at most two decimals; what is no number is 0.
    static func number(_ value: Double) -> String {
        guard value.isFinite else { return "0" }
        let hundredths = (value * 100).rounded()
        guard abs(hundredths) < 1e15 else { return "0" }
        let whole = Int(hundredths)
        if whole % 100 == 0 { return String(whole / 100) }
        let digits = abs(whole)
        let decimals = digits % 10 == 0 ? "\(digits / 10 % 10)" : (digits % 100 < 10 ? "0" : "") + "\(digits % 100)"
        return "\(whole < 0 ? "-" : "")\(digits / 100).\(decimals)"
    }
}
