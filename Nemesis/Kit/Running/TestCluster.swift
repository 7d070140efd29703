import CenterClient
import Foundation
import Payloads
import ZooKeeper

/// The cluster under test: its processes, the links between them, and how to ask it things.
public struct TestCluster: Sendable {
    /// Who is in it.
    public let topology: Topology
    /// Where everything is kept.
    public let workspace: Workspace
    /// Its processes by name.
    let processes: [String: ManagedProcess]
    /// The links that can be disturbed.
    let links: [Link]
    /// What serves the links.
    let proxies: [FaultProxy]
    /// The port each process listens on.
    let ports: [String: Int]
    /// The API's token.
    let token: AccessToken
    /// Its copy of the program.
    let program: String

    /// The process of a name, which must be one of the topology.
    func process(_ name: String) -> ManagedProcess {
        guard let process = processes[name] else {
            preconditionFailure("\(name) is not in the cluster")
        }
        return process
    }

    /// The links from one process to another, whatever they carry.
    func links(from source: String, to target: String? = nil) -> [Link] {
        links.filter { $0.source == source && (target == nil || $0.target == target) }
    }

    /// The links between two processes, in both directions.
    func links(between left: String, and right: String) -> [Link] {
        links(from: left, to: right) + links(from: right, to: left)
    }

    /// The base URL of a center, reached directly.
    func url(of center: String) -> String { "http://127.0.0.1:\(ports[center] ?? 0)" }

    /// The ensemble, reached directly.
    var servers: String {
        topology.servers.map { "127.0.0.1:\(ports[$0] ?? 0)" }.joined(separator: ",")
    }

    /// The file to which tasks append their starts.
    var startsFile: String { workspace.file("starts") }

    /// The file with the API's token.
    var tokenFile: String { workspace.file("token") }

    /// A connection to a center.
    func connection(to center: String, timeout: Duration = .seconds(3)) throws -> CenterConnection {
        try CenterConnection(url: url(of: center), token: token, timeout: timeout)
    }

    /// Serves the links until cancelled.
    func serveLinks() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            for proxy in proxies { group.addTask { try await proxy.run() } }
        }
    }

    /// Ends all processes at once.
    func destroy() async {
        for (_, process) in processes.sorted(by: { $0.key < $1.key }) { await process.kill() }
    }

    /// Runs the command line against the cluster.
    func control(_ words: [String], input: String = "") async throws -> Tool.Answer {
        let servers = topology.centers.map(url).joined(separator: ",")
        return try await Tool.run(
            [program] + words + ["--server", servers, "--token-file", tokenFile],
            input: input,
            in: workspace.folder
        )
    }
}
