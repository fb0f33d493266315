import EventLog

/// Text in pictures: made safe for XML, and measured without knowing the font.
enum SVGText {
    /// The fonts that are asked for: the system's own, then those with Chinese, Japanese and Korean characters.
    static let fontFamily =
        "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Noto Sans CJK SC', 'PingFang SC', "
        + "'Microsoft YaHei', 'Hiragino Sans', 'Malgun Gothic', sans-serif"

    /// What one terminal cell of text is reckoned to take, in ems.
    ///
    /// The average Latin letter of these fonts takes about 0.55, and a Chinese character, which has two cells, 1.
    private static let emsPerCell = 0.62

    /// The width that is set aside for text, in the units of its size; wide enough for nearly any font.
    static func width(_ text: String, size: Double) -> Double {
        Double(DisplayWidth.of(text)) * emsPerCell * size
    }

    /// `text` cut to a width, with an ellipsis if anything was cut.
    static func cut(_ text: String, to width: Double, size: Double) -> String {
        DisplayWidth.cut(text, to: max(1, Int(width / (emsPerCell * size))))
    }

    /// Text as XML content or an attribute's value: markup escaped, and what XML cannot hold or what turns a line
    /// around told by its code.
    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in LineError.printable(text, max: .max).unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            case "\u{FFFE}", "\u{FFFF}": result += "\u{FFFD}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
