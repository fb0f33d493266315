/// What a shape in a picture stands for; its colour follows from that, one for light surroundings and one for dark.
enum SVGPaint: String, CaseIterable {
    /// What lies behind everything.
    case surface
    /// Text and lines to be read.
    case ink
    /// Text that stands back.
    case muted
    /// Axes and rules.
    case rule
    /// The figure the picture is about.
    case accent
    /// A quieter figure beside it; `ink` can be read on it.
    case soft
    /// What went well.
    case good
    /// What did not.
    case bad

    /// The colour in light surroundings.
    var light: String {
        switch self {
        case .surface: "#ffffff"
        case .ink: "#1f2328"
        case .muted: "#59636e"
        case .rule: "#d1d9e0"
        case .accent: "#2f6fb0"
        case .soft: "#c9ddf2"
        case .good: "#1a7f37"
        case .bad: "#b42318"
        }
    }

    /// The colour in dark surroundings.
    var dark: String {
        switch self {
        case .surface: "#0d1117"
        case .ink: "#e6edf3"
        case .muted: "#9198a1"
        case .rule: "#3d444d"
        case .accent: "#5aa2ea"
        case .soft: "#1f3d5c"
        case .good: "#3fb950"
        case .bad: "#f47067"
        }
    }

    /// The class of a shape that is filled so.
    var fillClass: String { "tl-\(rawValue)" }
    /// The class of a line that is drawn so.
    var strokeClass: String { "tl-\(rawValue)-line" }

    /// The style sheet of a picture: every paint as a fill and as a stroke, and both again for dark surroundings.
    ///
    /// Classes with plain colours rather than CSS variables, which not every program that shows SVG knows.
    static var styleSheet: String {
        func rules(_ colour: (SVGPaint) -> String) -> String {
            allCases.map {
                ".\($0.fillClass){fill:\(colour($0))}.\($0.strokeClass){fill:none;stroke:\(colour($0))}"
            }.joined(separator: "\n")
        }
        return rules(\.light) + "\n@media (prefers-color-scheme: dark) {\n" + rules(\.dark) + "\n}"
    }
}
