import CenterClient
import Domain
import Foundation
import Payloads
import Scheduling

/// Checks of centers and agents, through the API.
struct ClusterChecks: Sendable {
    let server: ServerOptions

    /// Clocks that differ by more make due times differ visibly; HTTP dates have whole seconds.
    private static let skewMax = Duration.seconds(2)

    /// The API, the leader, every center's readiness and clock, the agents, unplaced tasks, defects of the tree, runs without owner, fires missed lately.
    func all() async -> [Check] {
        do {
            let connection = try server.connection(timeout: .seconds(5))
            let cluster = try await connection.cluster()
            var checks: [Check] = [.ok("api", "\(connection.url) answers"), leader(cluster)]
            for center in cluster.centers { checks += await self.center(center.center.text, center.url) }
            let history = try await HistoryChecks.read(connection, now: Instant(Date()))
            checks.append(Self.agents(cluster.nodes))
            for node in cluster.nodes {
                if let url = node.url { checks += await clock(node.agent.text, url) }
            }
            checks.append(placement(cluster))
            checks.append(tree(cluster))
            if let count = cluster.runsWithoutOwner { checks.append(ownerless(count)) }
            checks.append(history.check)
            return checks
        } catch {
            let failure = ControlError(error)
            return [
                .failed(
                    "api",
                    failure.message,
                    why: "tasks cannot be seen or changed from here",
                    fix: failure.status == .notAllowed
                        ? "give the server's own --token-file" : "start a center, or correct --server"
                )
            ]
        }
    }

    private func leader(_ cluster: ClusterPayload) -> Check {
        let leadership = cluster.leadership
        guard leadership.state != .unknown, let center = leadership.center else {
            return .failed(
                "leader",
                "no center leads: \(leadership.reason ?? "unknown")",
                why: "tasks are not assigned and changes are refused",
                fix: "wait a session timeout; then look at the centers' logs and at ZooKeeper"
            )
        }
        if cluster.centers.count == 1 {
            return .warning(
                "leader",
                "\(center) leads, no other center stands by",
                why: "when it stops, nothing takes over",
                fix: "start a second center"
            )
        }
        return .ok("leader", "\(center) leads, \(cluster.centers.count - 1) stand by")
    }

    private func center(_ name: String, _ url: String) async -> [Check] {
        do throws(TextExchange.Failure) {
            let head = try await TextExchange.head(of: "/readyz", at: url)
            let id = "center.\(name)"
            let ready: Check =
                head.status == 200
                ? .ok(id, "\(name) is ready")
                : .failed(
                    id,
                    "\(name) is not ready",
                    why: "it cannot take over or answer",
                    fix: "look at \(url)/readyz and at its log"
                )
            return [ready, skew("\(name)", head)].compactMap(\.self)
        } catch {
            return [
                .failed(
                    "center.\(name)",
                    "\(name) at \(url): \(error)",
                    why: "it cannot be asked for anything",
                    fix: "check that it runs and that its address is right"
                )
            ]
        }
    }

    private func clock(_ name: String, _ url: String) async -> [Check] {
        do throws(TextExchange.Failure) {
            return [skew(name, try await TextExchange.head(of: "/livez", at: url))].compactMap(\.self)
        } catch {
            return [
                .warning(
                    "clock.\(name)",
                    "\(name) at \(url): \(error)",
                    why: "the output of its runs cannot be read",
                    fix: "check that its address can be reached from the centers"
                )
            ]
        }
    }

    private func skew(_ name: String, _ head: TextExchange.Head) -> Check? {
        guard let text = head.headers["date"], let date = Self.date(text) else { return nil }
        let difference = Instant(date).duration(to: Instant(Date()))
        let distance = difference < .zero ? .zero - difference : difference
        let id = "clock.\(name)"
        if distance <= Self.skewMax { return .ok(id, "the clock of \(name) agrees with this machine's") }
        let direction = difference < .zero ? "ahead" : "behind"
        return .warning(
            id,
            "the clock of \(name) is \(TimeText.short(distance)) \(direction)",
            why: "tasks start that much early or late",
            fix: "synchronise the clocks, for instance with chrony"
        )
    }

    private static func date(_ text: String) -> Date? {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = .gmt
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss zzz"
        return formatter.date(from: text)
    }

    /// Whether the agents are there; those that ended without having been drained are listed, too.
    static func agents(_ nodes: [NodePayload]) -> Check {
        let online = nodes.count { $0.online }
        let text = "\(online) of \(nodes.count) agents are online"
        if online == 0 {
            return .failed("agents", text, why: "nothing runs", fix: "start an agent")
        }
        let away = nodes.filter { !$0.online }.map(\.agent.text).sorted()
        if !away.isEmpty {
            return .warning(
                "agents",
                "\(text); away: \(away.joined(separator: ", "))",
                why: "the others carry their tasks",
                fix: "start them again, or, when one is gone for good, 'cloudtask node forget \(away[0])'; "
                    + "it is forgotten by itself after a day"
            )
        }
        return .ok("agents", text)
    }

    private func tree(_ cluster: ClusterPayload) -> Check {
        guard let first = cluster.defects.first else {
            return .ok("tree", "the leader finds nothing wrong in ZooKeeper")
        }
        return .warning(
            "tree",
            "\(cluster.defects.count) nodes of ZooKeeper are not as they should be: \(first)",
            why: "what they concern may not run",
            fix: "see all with 'cloudtask cluster status', look with 'cloudtask znode get PATH'"
        )
    }

    private func ownerless(_ count: Int) -> Check {
        if count == 0 { return .ok("runs", "every run that has not ended has an owner") }
        return .warning(
            "runs",
            "\(count) runs have not ended and nobody owns them",
            why: "their agent or its records are gone: what became of them is not known",
            fix:
                "wait: they are recorded as lost within minutes unless a result arrives; see 'cloudtask run list --state lost'"
        )
    }

    private func placement(_ cluster: ClusterPayload) -> Check {
        if cluster.unplaced == 0 {
            return .ok("placement", "every enabled task of \(cluster.tasks) has an agent")
        }
        return .warning(
            "placement",
            "\(cluster.unplaced) enabled tasks have no agent",
            why: "they do not run",
            fix: "see why with 'cloudtask task list -o wide'; start agents or widen placements"
        )
    }
}
