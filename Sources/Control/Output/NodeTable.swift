import Domain
import Payloads
import Scheduling

/// Shows agents, centers and the cluster.
enum NodeTable {
    /// Many agents, one a line.
    static func table(_ nodes: [NodePayload], isWide: Bool, _ time: TimeText) -> Table {
        var columns: [Table.Column] = [
            .init(title: "AGENT", isElastic: true), .init(title: "RUNTIME", isElastic: true),
            .init(title: "STATE"),
            .init(title: "TASKS", isNumber: true), .init(title: "SLOTS", isNumber: true),
            .init(title: "HOST", isElastic: true),
            .init(title: "STARTED"),
        ]
        if isWide {
            columns += [
                .init(title: "PID", isNumber: true), .init(title: "VERSION"), .init(title: "LABELS"),
                .init(title: "URL"),
            ]
        }
        var table = Table(columns)
        for node in nodes {
            var row: [Table.Cell] = [
                .init(node.agent.text), .init(node.runtime.text), state(of: node, time),
                .init(String(node.tasks)),
                .init(node.slots.map(String.init) ?? "-"), .init(node.host ?? "-"),
                .init(time.relative(node.startedAt)),
            ]
            if isWide {
                row += [
                    .init(node.processID.map(String.init) ?? "-"), .init(node.version ?? "-"),
                    .init(labels(of: node)), .init(node.url ?? "-"),
                ]
            }
            table.append(row)
        }
        return table
    }

    /// Everything about one agent.
    static func details(of node: NodePayload, _ time: TimeText) -> [(name: String, value: Table.Cell)] {
        [
            ("agent", .init(node.agent.text, .strong)),
            ("runtime", .init(node.runtime.text)),
            ("state", state(of: node, time)),
            ("tasks", .init(String(node.tasks))),
            ("slots", .init(node.slots.map(String.init) ?? "-")),
            ("labels", .init(labels(of: node))),
            ("region", .init(node.region ?? "-")),
            ("zone", .init(node.zone ?? "-")),
            ("host", .init("\(node.host ?? "-"), process \(node.processID.map(String.init) ?? "-")")),
            ("url", .init(node.url ?? "-")),
            ("version", .init(node.version ?? "-")),
            ("started", .init("\(time.absolute(node.startedAt)) (\(time.relative(node.startedAt)))")),
            ("incarnation", .init(node.incarnation?.description ?? "-")),
        ] + held(node, time) + departure(of: node, time)
    }

    private static func departure(
        of node: NodePayload,
        _ time: TimeText
    ) -> [(name: String, value: Table.Cell)] {
        guard let since = node.goneSince else { return [] }
        return [
            ("gone since", .init("\(time.absolute(since)) (\(time.relative(since)))", .bad)),
            ("tasks then", .init(String(node.tasksThen ?? 0))),
        ]
    }

    private static func held(_ node: NodePayload, _ time: TimeText) -> [(name: String, value: Table.Cell)] {
        guard let end = node.heldUntil else { return [] }
        return [
            (
                "held back",
                .init("it started too often lately; takes tasks again \(time.relative(end))", .warning)
            )
        ]
    }

    /// The cluster in a few lines.
    static func summary(of cluster: ClusterPayload) -> [(name: String, value: Table.Cell)] {
        let online = cluster.nodes.count { $0.online }
        let unplaced: Table.Cell =
            cluster.unplaced == 0
            ? .init("none", .good) : .init("\(cluster.unplaced) enabled tasks", .warning)
        return [
            ("leader", leader(of: cluster)),
            ("centers", .init("\(cluster.centers.count)")),
            (
                "agents",
                .init(
                    "\(online) of \(cluster.nodes.count) online",
                    online == cluster.nodes.count ? .good : .warning
                )
            ),
            ("tasks", .init("\(cluster.tasks)")),
            ("unplaced", unplaced),
            ("runs without owner", ownerless(cluster)),
            ("cluster", .init(cluster.id?.description ?? "-")),
        ] + cluster.defects.map { ("defect", .init($0, .bad)) }
    }

    private static func ownerless(_ cluster: ClusterPayload) -> Table.Cell {
        switch cluster.runsWithoutOwner {
        case nil: .init("not looked yet")
        case 0: .init("0", .good)
        case .some(let count): .init("\(count), about to be recorded as lost", .warning)
        }
    }

    /// The centers, one a line.
    static func centers(_ cluster: ClusterPayload, _ time: TimeText) -> Table {
        var table = Table([
            .init(title: "CENTER", isElastic: true), .init(title: "ROLE"),
            .init(title: "URL", isElastic: true), .init(title: "HOST", isElastic: true),
            .init(title: "PID", isNumber: true), .init(title: "VERSION"), .init(title: "STARTED"),
        ])
        for center in cluster.centers {
            let isLeader = center.center == cluster.leadership.center
            table.append([
                .init(center.center.text), .init(isLeader ? "leader" : "standby", isLeader ? .strong : nil),
                .init(center.url),
                .init(center.host), .init(String(center.processID)), .init(center.version),
                .init(time.relative(center.startedAt)),
            ])
        }
        return table
    }

    private static func leader(of cluster: ClusterPayload) -> Table.Cell {
        let leadership = cluster.leadership
        guard leadership.state != .unknown, let center = leadership.center else {
            return .init("none: \(leadership.reason ?? "unknown")", .bad)
        }
        return .init(leadership.epoch.map { "\(center), epoch \($0)" } ?? center.text, .good)
    }

    private static func state(of node: NodePayload, _ time: TimeText) -> Table.Cell {
        if let since = node.goneSince {
            // What it has not any more, others have, or nobody.
            let moved = max(0, (node.tasksThen ?? 0) - node.tasks)
            let tasks = moved == 0 ? "" : ", \(moved) task\(moved == 1 ? "" : "s") moved"
            let length = TimeText.short(max(.zero, since.duration(to: time.now)))
            return .init("gone for \(length)\(tasks)", .bad)
        }
        return switch (node.online, node.drained) {
        case (true, false) where node.heldUntil != nil: .init("held back", .warning)
        case (true, false): .init("online", .good)
        case (true, true): .init("drained", .warning)
        case (false, true): .init("offline, drained", .warning)
        case (false, false): .init("offline", .bad)
        }
    }

    private static func labels(of node: NodePayload) -> String {
        let labels = (node.labels ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        return labels.isEmpty ? "-" : labels.joined(separator: ",")
    }
}
