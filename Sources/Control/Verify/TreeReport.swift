import Cluster
import Domain
import Orchestration
import Scheduling

/// What `cluster verify` found, as it is printed.
struct TreeReport: Codable, Sendable {
    /// A finding with its words.
    struct Line: Codable, Sendable {
        var kind: TreeFinding.Kind
        var path: String
        var subject: String?
        var isViolation: Bool
        var mendsItself: Bool
        var what: String
        var repair: String
    }

    /// A task that no agent may own.
    struct Unplaceable: Codable, Sendable {
        var task: TaskID
        var reason: String
    }

    var isValid: Bool
    var nodes: Int
    var bytes: Int
    var tasks: Int
    var enabled: Int
    var owned: Int
    var parked: Int
    var agents: Int
    var centers: Int
    var journals: Int
    var epoch: Int32?
    var unplaceable: [Unplaceable]
    var findings: [Line]

    init(_ verifier: TreeVerifier, lasting findings: [TreeFinding]) {
        let content = verifier.content
        isValid = !findings.contains(where: \.kind.isViolation)
        nodes = verifier.snapshot.nodes.count
        bytes = verifier.snapshot.nodes.values.reduce(0) { $0 + $1.data.count }
        tasks = content.tasks.count
        enabled = content.tasks.count(where: \.specification.isEnabled)
        owned = content.rows.reduce(0) { sum, bucket in
            if case .owned = bucket.place { sum + bucket.rows.count } else { sum }
        }
        parked = content.rows.reduce(0) { sum, bucket in
            if case .parked = bucket.place { sum + bucket.rows.count } else { sum }
        }
        agents = content.agents.count
        centers = content.centers.count
        journals = content.journals.count
        epoch = content.epoch?.rawValue
        unplaceable = verifier.unplaceable.map { Unplaceable(task: $0.task, reason: "\($0.reason)") }
        let text = TreeFindingText(hasCenters: !content.centers.isEmpty)
        self.findings = findings.map { finding in
            Line(
                kind: finding.kind,
                path: finding.path,
                subject: finding.subject,
                isViolation: finding.kind.isViolation,
                mendsItself: finding.kind.mendsItself,
                what: text.what(finding),
                repair: text.repair(finding)
            )
        }
    }

    /// Most unplaceable tasks and findings of a text that is not wide.
    private static let linesMax = 30

    /// The report for people.
    func text(_ printer: Printer, isWide: Bool) -> String {
        var text = printer.details([
            ("znodes", .init("\(nodes), \(bytes) bytes")),
            ("epoch", .init(epoch.map(String.init) ?? "none yet")),
            ("tasks", .init("\(tasks), \(enabled) enabled: \(owned) owned, \(parked) parked")),
            ("processes", .init("\(centers) centers, \(agents) agents, \(journals) journals")),
        ])
        for entry in isWide ? unplaceable : Array(unplaceable.prefix(Self.linesMax)) {
            text += "task \(entry.task) is unplaceable: \(entry.reason)\n"
        }
        for line in isWide ? findings : Array(findings.prefix(Self.linesMax)) {
            let mark = line.isViolation ? printer.style.paint("✗", .bad) : printer.style.paint("!", .warning)
            text += "\n\(mark) \(printer.style.paint(line.path, .strong))  \(line.kind.rawValue)\n"
            text += "  \(line.what)\n  \(printer.style.paint("→", .quiet)) \(line.repair)\n"
        }
        let hidden = isWide ? 0 : max(0, findings.count - Self.linesMax)
        if hidden > 0 { text += "\n… and \(hidden) more: see them with -o wide\n" }
        return text + "\n" + printer.style.paint(verdict, isValid ? .good : .bad) + "\n"
    }

    private var verdict: String {
        let violations = findings.count(where: \.isViolation)
        if violations == 0 { return "The tree is as it should be." }
        return
            "\(violations) thing\(violations == 1 ? " is" : "s are") not as \(violations == 1 ? "it" : "they") should be."
    }
}
