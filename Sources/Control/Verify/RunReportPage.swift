import Domain
import Foundation
import Orchestration
import Scheduling

/// The report as one page: everything is in it, nothing is fetched, nothing is executed.
struct RunReportPage {
    /// Most findings of the page; the others are in the JSON report.
    private static let findingsMax = 500
    /// Violations that are seen at once; the timeline should not be far below them.
    private static let openMax = 12

    let report: RunCheckReport
    let chart: RunChart
    let title: String?
    let zone: TimeZone

    private var words: FindingText { FindingText(time: TimeText(zone: zone)) }
    private var drawing: ChartDrawing { ChartDrawing(chart: chart, words: words) }

    /// The page.
    var html: String {
        let heading = HTML.escape(title ?? "Runs, verified")
        return """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
            <meta name="color-scheme" content="light dark">
            <title>\(heading): \(report.isValid ? "valid" : "\(report.violations) violations")</title>
            <style>
            \(ReportStyle.sheet)
            </style>
            </head>
            <body>
            <main>
            \(head(heading))
            \(tiles)
            \(findings)
            \(legend)
            \(plot)
            \(explanation)
            </main>
            </body>
            </html>

            """
    }

    private func head(_ heading: String) -> String {
        let verdict = report.isValid ? "valid" : "violated"
        let time = TimeText(zone: zone)
        return """
            <header>
            <div><h1>\(heading)</h1>
            <p class="quiet">\(time.absolute(report.from)) to \(time.absolute(report.to)), \
            \(TimeText.short(report.from.duration(to: report.to)))</p></div>
            <p class="verdict \(verdict)">\(HTML.escape(report.verdict))</p>
            </header>
            """
    }

    private var tiles: String {
        let expected = report.tasks.map(\.expected).reduce(0, +)
        let explained = report.allFindings.count { $0.finding.excuse != nil }
        let outcomes = report.dispositions.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            .map { "\($0.key) \(Self.grouped($0.value))" }.joined(separator: ", ")
        let faults = chart.faults.map(\.periods.count).reduce(0, +)
        let tiles: [(String, String, String)] = [
            ("Due", Self.grouped(expected), "of \(report.tasks.count) tasks"),
            ("Started", Self.grouped(report.tasks.map(\.started).reduce(0, +)), outcomes),
            (
                "Lateness, p99",
                report.lateness.map { TimeText.short(.milliseconds(max(0, $0.p99Milliseconds))) } ?? "–",
                "\(report.latenessText); allowed \(DurationText(chart.latenessBound).text)"
            ),
            ("Violations", Self.grouped(report.violations), report.isValid ? "none" : "listed below"),
            ("Explained", Self.grouped(explained), "by \(faults) fault\(faults == 1 ? "" : "s")"),
        ]
        return "<dl class=\"tiles\">"
            + tiles.map { name, value, more in
                let isBad = name == "Violations" && !report.isValid
                return
                    "<div\(isBad ? " class=\"bad\"" : "")><dt>\(name)</dt><dd>\(value)</dd><dd class=\"quiet\">\(HTML.escape(more))</dd></div>"
            }.joined() + "</dl>"
    }

    private static func grouped(_ number: Int) -> String {
        var digits = String(number)
        var end = digits.index(digits.endIndex, offsetBy: -3, limitedBy: digits.startIndex)
        while let position = end, position > digits.startIndex, digits[digits.index(before: position)] != "-"
        {
            digits.insert(",", at: position)
            end = digits.index(position, offsetBy: -3, limitedBy: digits.startIndex)
        }
        return digits
    }
}

extension RunReportPage {
    private var findings: String {
        let all = report.allFindings
        let violations = all.filter(\.finding.isViolation)
        let others = all.filter { !$0.finding.isViolation }
        var text = "<section><h2>Findings</h2>"
        if violations.isEmpty { text += "<p class=\"quiet\">No promise was broken.</p>" }
        text += list(Array(violations.prefix(Self.openMax)))
        if violations.count > Self.openMax {
            let rest = Array(violations.dropFirst(Self.openMax))
            text +=
                "<details><summary class=\"bad\">\(rest.count) more violations</summary>\(list(rest))</details>"
        }
        if !others.isEmpty {
            text +=
                "<details><summary>\(others.count) more: explained by faults, or worth knowing</summary>\(list(others))</details>"
        }
        return text + "</section>"
    }

    private func list(_ findings: [TaskFinding]) -> String {
        guard !findings.isEmpty else { return "" }
        let items = findings.prefix(Self.findingsMax).map { entry in
            let finding = entry.finding
            let name = entry.task.map { "<b>\(HTML.escape($0))</b> " } ?? ""
            let due = finding.due.map { "<time>\(words.clock($0))</time> " } ?? ""
            let tone = finding.isViolation ? "violated" : finding.excuse == nil ? "noted" : "explained"
            return
                "<li><span class=\"tag \(tone)\">\(finding.kind.rawValue)</span> <span>\(name)\(due)\(HTML.escape(words.sentence(finding)))</span></li>"
        }
        let rest = findings.count - items.count
        let more = rest > 0 ? "<li class=\"quiet\">… and \(rest) more: they are in the JSON report.</li>" : ""
        return "<ul class=\"findings\">\(items.joined())\(more)</ul>"
    }

    private var legend: String {
        let agents = chart.agents.map { agent in
            "<span><i class=\"swatch \(drawing.colour(agent))\"></i>\(HTML.escape(agent))</span>"
        }.joined()
        return """
            <section><h2>Timeline</h2>
            <p class="legend"><span><i class="swatch kept"></i>due, kept</span>\
            <span><i class="swatch explained"></i>due, explained by a fault</span>\
            <span><i class="swatch violated"></i>due, violated</span>\
            <span><i class="swatch shade"></i>fault</span>\
            <span><i class="swatch open"></i>run without an end</span><span class="quiet">runs on</span>\(agents)</p>
            """
    }

    private var plot: String {
        let rows = chart.rows.map(taskRow).joined(separator: "\n")
        return """
            <div class="plot">
            <div class="row axis"><div class="name"></div><div class="lane">\(axis)</div><div class="side"></div></div>
            \(chart.faults.map(faultRow).joined(separator: "\n"))
            <div class="rows">
            <div class="row shades" aria-hidden="true"><div class="name"></div><div class="lane">\(shades)</div><div class="side"></div></div>
            \(rows)
            </div>
            </div>
            </section>
            """
    }

    private func taskRow(_ row: RunChart.Row) -> String {
        let task = row.report
        let violations = task.findings.count(where: \.isViolation)
        let late = task.lateness.map { TimeText.short(.milliseconds(max(0, $0.maxMilliseconds))) } ?? "–"
        let name = HTML.escape(task.title)
        let side = violations > 0 ? "<b>\(violations) ✗</b>" : "\(task.started)/\(task.expected)"
        return
            "<div class=\"row\(violations > 0 ? " bad" : "")\"><div class=\"name\" title=\"\(name), \(task.delivery.rawValue)\">\(name)</div><div class=\"lane\">\(drawing.row(row))</div><div class=\"side\" title=\"started of due; latest start\">\(side) <span class=\"quiet\">\(late)</span></div></div>"
    }

    private func faultRow(_ target: String, _ periods: [FaultPeriod]) -> String {
        let boxes = periods.map { period in
            let text = HTML.escape(
                words.describe(period) + (period.detail.map { " (\($0))" } ?? "")
            )
            return
                "<span class=\"fault \(period.kind.rawValue)\" style=\"\(box(period))\" title=\"\(text)\">\(period.kind.rawValue)</span>"
        }.joined()
        let name = HTML.escape(target)
        return
            "<div class=\"row faults\"><div class=\"name\" title=\"\(name)\">\(name)</div><div class=\"lane\">\(boxes)</div><div class=\"side quiet\">\(periods.count)</div></div>"
    }

    private var shades: String {
        chart.faults.flatMap(\.periods).map { "<span style=\"\(box($0))\"></span>" }.joined()
            + ticks.map { "<i style=\"left:\(Self.percent(drawing.position($0)))\"></i>" }.joined()
    }

    private func box(_ period: FaultPeriod) -> String {
        let (from, to) = (
            drawing.position(period.start), drawing.position(period.end ?? chart.span.upperBound)
        )
        return "left:\(Self.percent(from));width:\(Self.percent(to - from))"
    }

    private static func percent(_ fraction: Double) -> String {
        let thousandths = Int((fraction * 100_000).rounded())
        return "\(thousandths / 1_000).\(String(thousandths % 1_000 + 1_000).dropFirst())%"
    }
}

extension RunReportPage {
    /// Round times within the span, eight to sixteen of them.
    private var ticks: [Instant] {
        let length = chart.span.lowerBound.duration(to: chart.span.upperBound).wholeMilliseconds
        let steps: [Int64] = [
            100, 200, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000,
            900_000,
            1_800_000, 3_600_000, 7_200_000, 10_800_000, 21_600_000, 43_200_000, 86_400_000, 604_800_000,
            2_592_000_000,
        ]
        let step = steps.first { length / $0 <= 14 } ?? max(1, length / 10)
        var instants: [Instant] = []
        var next = (chart.span.lowerBound.millisecondsSinceEpoch / step + 1) * step
        while next < chart.span.upperBound.millisecondsSinceEpoch, instants.count < 40 {
            instants.append(Instant(millisecondsSinceEpoch: next))
            next += step
        }
        return instants
    }

    private var axis: String {
        ticks.map { instant in
            let clock = words.clock(instant)
            let text = clock.hasSuffix(".000") ? String(clock.dropLast(4)) : clock
            return "<span style=\"left:\(Self.percent(drawing.position(instant)))\">\(text)</span>"
        }.joined()
    }

    private var explanation: String {
        """
        <footer class="quiet"><p>One row a task. Above: its due instants, as long as a start is in time; below: its attempts, as they \
        marked themselves. A red line through a row is an instant that was not treated as promised; hover over it to read why. Grey \
        shades are faults, which the rows on top name.</p></footer>
        """
    }
}
