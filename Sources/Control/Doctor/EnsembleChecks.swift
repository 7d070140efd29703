import Cluster
import Domain
import Foundation
import ZooKeeper

/// Checks of the ZooKeeper ensemble.
struct EnsembleChecks: Sendable {
    let hosts: String?
    /// The server whose ensemble it is, should that be named by an option.
    var server: String?
    let workspace: WorkspaceID

    /// A read that takes longer makes every launch late.
    private static let slowRead = Duration.milliseconds(50)

    /// Every server, the quorum, a session, and the workspace's subtree.
    func all() async -> [Check] {
        let address: String
        do throws(ControlError) {
            address = try Discovery().zookeeper(hosts, behind: server)
        } catch {
            if Discovery().namedServer(server) != nil {
                return [
                    .warning(
                        "zookeeper",
                        error.message,
                        why: "the server is named and was not started here: its ZooKeeper was not looked at",
                        fix: "give --zookeeper HOST:PORT or set CLOUDTASK_ZOOKEEPER_HOSTS"
                    )
                ]
            }
            return [
                .failed(
                    "zookeeper",
                    "no ZooKeeper is known",
                    why: "without it nothing is planned or run",
                    fix:
                        "give --zookeeper HOST:PORT, set CLOUDTASK_ZOOKEEPER_HOSTS, or start one with 'cloudtask up'"
                )
            ]
        }
        let servers = HostPort.list(address)
        guard !servers.isEmpty else {
            return [
                .failed(
                    "zookeeper",
                    "'\(address)' names no server",
                    why: "without ZooKeeper nothing is planned or run",
                    fix: "write --zookeeper HOST:PORT,HOST:PORT"
                )
            ]
        }
        var states: [ServerState] = []
        for server in servers { states.append(await ServerState.read(server)) }
        return states.map(\.check) + [quorum(states)] + (await session(address))
    }

    private func quorum(_ states: [ServerState]) -> Check {
        let serving = states.count { $0.isServing }
        let isUnknown = states.allSatisfy { $0.mode == nil && $0.isServing }
        let leads = states.contains { $0.mode == "leader" || $0.mode == "standalone" }
        let text = "\(serving) of \(states.count) ZooKeeper servers serve"
        if serving == 0 || (!leads && !isUnknown) {
            return .failed(
                "quorum",
                text + ", none leads",
                why: "without a quorum nothing can be written and nothing new starts",
                fix: "start more of the servers; a majority of the ensemble is needed"
            )
        }
        if serving < states.count {
            return .warning(
                "quorum",
                text,
                why: "the ensemble survives fewer failures than it was built for",
                fix: "start the servers that are marked above"
            )
        }
        if states.count == 1, states[0].mode == "standalone" {
            return .warning(
                "quorum",
                "ZooKeeper is a single server",
                why: "when it stops, nothing new starts until it is back",
                fix: "for production run three servers; for development this is fine"
            )
        }
        return .ok("quorum", text + (leads ? ", one leads" : ""))
    }

    private func session(_ address: String) async -> [Check] {
        do {
            let tree = try Tree(workspace: workspace)
            return try await ZooKeeperOptions.withSession(hosts: address) { session in
                let start = ContinuousClock.now
                let root = try await session.exists(tree.root)
                let latency = start.duration(to: .now)
                var checks = [Self.latency(latency)]
                checks.append(try await Self.subtree(tree, root, session))
                return checks
            }
        } catch {
            let failure = ControlError(error)
            return [
                .failed(
                    "session",
                    "no ZooKeeper session: \(failure.message)",
                    why: "centers and agents need one to work",
                    fix: "check firewalls, the client port and maxClientCnxns"
                )
            ]
        }
    }

    private static func latency(_ latency: Duration) -> Check {
        let text = "a read takes \(milliseconds(latency))"
        if latency < slowRead { return .ok("latency", text) }
        return .warning(
            "latency",
            text,
            why: "every launch waits for a write, which takes longer still",
            fix: "put ZooKeeper's data on a disk of its own and near the centers"
        )
    }

    private static func subtree(_ tree: Tree, _ root: ZNodeStat?, _ session: any ZooKeeperSession)
        async throws -> Check
    {
        guard root != nil else {
            return .warning(
                "workspace",
                "\(tree.root) does not exist",
                why: "no center has served this workspace yet",
                fix: "check --workspace and the chroot in --zookeeper, or start a center"
            )
        }
        do throws(ZooKeeperError) {
            if try await session.exists(tree.cluster) == nil, try await session.exists(tree.epoch) != nil {
                return .failed(
                    "workspace",
                    "\(tree.root) has lost /cluster",
                    why: "centers and agents refuse it, so nothing runs",
                    fix: "restore ZooKeeper's data, or see 'cloudtask cluster bump-epoch --help'"
                )
            }
            _ = try await session.get(tree.epoch)
            _ = try await session.children(tree.tasks)
            return .ok("workspace", "\(tree.root) can be read")
        } catch {
            if error.code == .noNode {
                return .warning(
                    "workspace",
                    "\(error.path ?? tree.root.text) does not exist",
                    why: "no center has led this workspace yet",
                    fix: "start a center, or wait until it leads"
                )
            }
            return .failed(
                "workspace",
                "\(tree.root) cannot be read: \(error)",
                why: "centers and agents with the same rights cannot work",
                fix: "check the ACLs and the credentials"
            )
        }
    }

    static func milliseconds(_ duration: Duration) -> String {
        let tenths = Int(duration / .microseconds(100))
        return "\(tenths / 10).\(tenths % 10) ms"
    }
}

/// What one server says of itself.
private struct ServerState: Sendable {
    var isServing: Bool
    /// `leader`, `follower`, `observer` or `standalone`; `nil` when it does not say.
    var mode: String?
    var check: Check

    static func read(_ server: HostPort) async -> ServerState {
        let id = "zookeeper.\(server)"
        let name = "ZooKeeper \(server)"
        let why = "fewer servers make the ensemble weaker"
        do throws(TextExchange.Failure) {
            let ruok = try await TextExchange.ask("ruok", host: server.host, port: server.port)
            let status = try await TextExchange.ask("srvr", host: server.host, port: server.port).text
            if status.contains("not currently serving requests") {
                let fix = "start the other servers of the ensemble, and look at this one's log"
                return ServerState(
                    isServing: false,
                    check: .failed(id, "\(name) runs but has no quorum", why: why, fix: fix)
                )
            }
            if status.contains("not in the whitelist") {
                let fix = "allow it: 4lw.commands.whitelist=ruok,srvr,mntr"
                let what = "\(name) answers, but does not say how it is"
                return ServerState(
                    isServing: true,
                    check: .warning(id, what, why: "the quorum cannot be checked", fix: fix)
                )
            }
            let mode = value("Mode", in: status)
            let version = value("Zookeeper version", in: status)?.prefix { $0 != "-" && $0 != "," } ?? "?"
            let what =
                "\(name) is \(mode ?? "up"), version \(version), answers in \(EnsembleChecks.milliseconds(ruok.duration))"
            return ServerState(isServing: true, mode: mode, check: await load(id, what, server))
        } catch {
            let fix = "start it, or correct the address in --zookeeper"
            return ServerState(isServing: false, check: .failed(id, "\(name): \(error)", why: why, fix: fix))
        }
    }

    /// More requests waiting than that mean that the server cannot keep up.
    private static let outstandingMax = 1_000

    private static func load(_ id: String, _ what: String, _ server: HostPort) async -> Check {
        // `mntr` may be forbidden where `srvr` is not; then its load is simply not judged.
        guard let numbers = try? await TextExchange.ask("mntr", host: server.host, port: server.port).text,
            let line = numbers.split(separator: "\n").first(where: { $0.hasPrefix("zk_outstanding_requests") }
            ),
            let outstanding = line.split(separator: "\t").last.flatMap({ Int($0) }),
            outstanding > outstandingMax
        else { return .ok(id, what) }
        return .warning(
            id,
            "\(what), \(outstanding) requests wait",
            why: "the server cannot keep up, so launches are late",
            fix: "look at its disk and its other clients"
        )
    }

    private static func value(_ key: String, in text: String) -> String? {
        for line in text.split(separator: "\n") where line.hasPrefix(key + ": ") {
            return String(line.dropFirst(key.count + 2))
        }
        return nil
    }
}
