import Domain
import Foundation
import Orchestration
import Scheduling

/// Draws rows of a chart as SVG, in a coordinate system of its own: `width` units for the whole span.
///
/// What lies so close that no screen could show the gap is drawn as one, so that a row's size does not grow with its instants.
struct ChartDrawing: Sendable {
    /// Units of the whole span.
    static let width = 10_000.0
    /// Height of a row in units, which are pixels.
    static let height = 24.0
    /// Gaps below that cannot be seen: half a pixel of a wide screen.
    private static let gapMin = 3.0
    /// What matters is at least so wide.
    private static let markMin = 14.0
    private static let barMin = 5.0
    /// Agents are told apart by so many colours, in the order of their names.
    static let colours = 8

    let chart: RunChart
    let words: FindingText

    /// The row of a task.
    func row(_ row: RunChart.Row) -> String {
        var svg =
            "<svg viewBox=\"0 0 \(Int(Self.width)) \(Int(Self.height))\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"\(HTML.escape(label(row)))\">"
        for verdict in [RunChart.Verdict.kept, .explained, .violated] { svg += windows(row, verdict) }
        svg += bars(row)
        return svg + "</svg>"
    }

    /// Where an instant lies, as a fraction of the span.
    func position(_ instant: Instant) -> Double {
        let length = max(1, chart.span.lowerBound.duration(to: chart.span.upperBound).wholeMilliseconds)
        let offset = chart.span.lowerBound.duration(to: instant).wholeMilliseconds
        return min(1, max(0, Double(offset) / Double(length)))
    }

    private func label(_ row: RunChart.Row) -> String {
        let report = row.report
        let violations = report.findings.count(where: \.isViolation)
        return
            "\(report.task): due \(report.expected) times, started \(report.started), \(violations) violations"
    }
}

extension ChartDrawing {
    private struct Stretch {
        var from: Double
        var to: Double
    }

    private func windows(_ row: RunChart.Row, _ verdict: RunChart.Verdict) -> String {
        let lengths = lengths(row.windows)
        let meant = zip(row.windows, lengths).filter { $0.0.verdict == verdict }
        guard !meant.isEmpty else { return "" }
        let stretches = meant.map { window, length in
            let from = position(window.due) * Self.width
            let to = position(window.due + length) * Self.width
            return Stretch(from: from, to: max(to, from + (verdict == .kept ? 2 : Self.markMin)))
        }
        let name =
            switch verdict {
            case .kept: "kept"
            case .explained: "explained"
            case .violated: "violated"
            }
        if verdict == .kept {
            return path(joined(stretches), y: 2, height: 8, style: name)
        }
        return zip(meant, stretches).map { window, stretch in
            "<g class=\"\(name)\"><title>\(HTML.escape(tooltip(row.report, window.0)))</title>"
                + (verdict == .violated ? path([stretch], y: 0, height: 24, style: "faint") : "")
                + path([stretch], y: 2, height: 8) + "</g>"
        }.joined()
    }

    /// Windows are as long as the bound, but end before the next begins, so that they can be told apart.
    private func lengths(_ windows: [RunChart.Window]) -> [Duration] {
        windows.indices.map { index in
            guard index + 1 < windows.count else { return chart.latenessBound }
            return min(chart.latenessBound, windows[index].due.duration(to: windows[index + 1].due) * 7 / 10)
        }
    }

    private func tooltip(_ task: TaskCheckReport, _ window: RunChart.Window) -> String {
        let findings = task.findings.filter { $0.due == window.due }
        return words.clock(window.due) + "\n" + findings.map(words.sentence).joined(separator: "\n")
    }

    private func bars(_ row: RunChart.Row) -> String {
        let byAgent = Dictionary(grouping: row.bars, by: \.agent)
        return byAgent.keys.sorted().map { agent in
            let bars = byAgent[agent] ?? []
            let shown = bars.filter {
                chart.span.contains($0.start) || chart.span.contains($0.end ?? $0.start)
            }
            let ended = shown.filter { $0.end != nil }.map { stretch($0.start, $0.end ?? $0.start) }
            let open = shown.filter { $0.end == nil }.map { stretch($0.start, $0.start) }
            return path(joined(ended), y: 13, height: 8, style: "run \(colour(agent))")
                + path(joined(open), y: 13, height: 8, style: "run open")
        }.joined()
    }

    /// The class of an agent's colour.
    func colour(_ agent: String) -> String {
        "a\((chart.agents.firstIndex(of: agent) ?? 0) % Self.colours)"
    }

    private func stretch(_ start: Instant, _ end: Instant) -> Stretch {
        let from = position(start) * Self.width
        return Stretch(from: from, to: max(position(end) * Self.width, from + Self.barMin))
    }

    private func joined(_ stretches: [Stretch]) -> [Stretch] {
        var joined: [Stretch] = []
        for stretch in stretches.sorted(by: { $0.from < $1.from }) {
            if let last = joined.last, stretch.from - last.to < Self.gapMin {
                joined[joined.count - 1].to = max(last.to, stretch.to)
            } else {
                joined.append(stretch)
            }
        }
        return joined
    }

    private func path(_ stretches: [Stretch], y: Int, height: Int, style: String? = nil) -> String {
        guard !stretches.isEmpty else { return "" }
        let boxes = stretches.map { stretch in
            let (from, to) = (Int(stretch.from.rounded()), Int(stretch.to.rounded()))
            return "M\(from) \(y)h\(max(1, to - from))v\(height)h-\(max(1, to - from))z"
        }
        let name = style.map { " class=\"\($0)\"" } ?? ""
        return "<path\(name) d=\"\(boxes.joined())\"/>"
    }
}

/// Text in HTML.
enum HTML {
    /// The text with everything replaced that could be taken for markup.
    static func escape(_ text: String) -> String {
        var escaped = ""
        for character in text {
            switch character {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            default: escaped.append(character)
            }
        }
        return escaped
    }
}
