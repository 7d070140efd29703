import Foundation
import Payloads
import ZooKeeper

/// Makes the directories, ports, links and processes of a cluster; nothing runs yet.
struct ClusterBuilder {
    let topology: Topology
    let workspace: Workspace
    /// The library that steps clocks; `nil` to do without.
    let clockLibrary: String?
    private var pool = PortPool()
    private var ports: [String: Int] = [:]
    private var links: [Link] = []
    private var proxies: [FaultProxy] = []
    private var processes: [String: ManagedProcess] = [:]

    /// The source of links that everybody uses.
    static let anybody = "anybody"
    /// ZooKeeper's unit of time: sessions end at ticks.
    private static let tick = Duration.milliseconds(500)

    init(topology: Topology, workspace: Workspace, clockLibrary: String?) {
        self.topology = topology
        self.workspace = workspace
        self.clockLibrary = clockLibrary
    }

    /// Makes the cluster around a copy of `program`.
    mutating func build(program: String) async throws -> TestCluster {
        let copy = workspace.file("cloudtask")
        // A copy: whoever builds meanwhile must not exchange the program under the run.
        try FileManager.default.copyItem(atPath: program, toPath: copy)
        let token = try makeToken()
        for name in topology.servers + topology.clients { try await workspace.makeDataDirectory(name) }
        for name in topology.servers + topology.clients { ports[name] = try await pool.take() }
        try await addServers()
        for name in topology.clients { try await addClient(name, program: copy) }
        return TestCluster(
            topology: topology,
            workspace: workspace,
            processes: processes,
            links: links,
            proxies: proxies,
            ports: ports,
            token: token,
            program: copy
        )
    }

    private func makeToken() throws -> AccessToken {
        var generator = SystemRandomNumberGenerator()
        let text = (0..<4).map { _ in
            String(UInt64.random(in: .max / 16 ... .max, using: &generator), radix: 16)
        }.joined()
        let isCreated = FileManager.default.createFile(
            atPath: workspace.file("token"),
            contents: Data((text + "\n").utf8),
            attributes: [.posixPermissions: 0o600]
        )
        guard isCreated, let token = AccessToken(text) else {
            throw NemesisError("the token cannot be written to \(workspace.file("token"))")
        }
        return token
    }

    private mutating func link(from source: String, to target: String, port: Int) async throws -> Int {
        let link = Link(source: source, target: target)
        let proxy = try await FaultProxy(link, to: port, listeningOn: try await pool.take())
        links.append(link)
        proxies.append(proxy)
        return proxy.port
    }
}

extension ClusterBuilder {
    /// Each server reaches the others by links of its own, so that any pair can be cut.
    private mutating func addServers() async throws {
        let launcher = try ZooKeeperLauncher.locate(
            environment: ProcessInfo.processInfo.environment,
            exists: FileManager.default.fileExists(atPath:)
        )
        var quorumPorts: [Int] = []
        for _ in 0..<(topology.servers.count * 2) { quorumPorts.append(try await pool.take()) }
        for (index, name) in topology.servers.enumerated() {
            var members: [ZooKeeperLauncher.Member] = []
            for (other, peer) in topology.servers.enumerated() {
                var member = ZooKeeperLauncher.Member(
                    number: other + 1,
                    quorumPort: quorumPorts[other * 2],
                    electionPort: quorumPorts[other * 2 + 1]
                )
                if other != index {
                    member.quorumPort = try await link(from: name, to: peer, port: member.quorumPort)
                    member.electionPort = try await link(from: name, to: peer, port: member.electionPort)
                }
                members.append(member)
            }
            try addServer(name, number: index + 1, members, launcher)
        }
    }

    private mutating func addServer(
        _ name: String,
        number: Int,
        _ members: [ZooKeeperLauncher.Member],
        _ launcher: ZooKeeperLauncher
    ) throws {
        let data = workspace.data(name)
        let options = ZooKeeperLauncher.Options(
            dataDirectory: data,
            clientPort: ports[name] ?? 0,
            tickTime: Self.tick,
            heapMegabytes: 96,
            members: members
        )
        try "\(number)".write(toFile: data + "/myid", atomically: true, encoding: .utf8)
        try launcher.configuration(options).write(
            toFile: data + "/zoo.cfg",
            atomically: true,
            encoding: .utf8
        )
        // Transaction logs grow by a megabyte, not 64, so that they fit small disks.
        let words =
            [
                launcher.java, "-Dzookeeper.preAllocSize=1024",
                "-Dorg.slf4j.simpleLogger.showDateTime=true",
                "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSS'Z'",
                "-Duser.timezone=UTC",
            ]
            + launcher.arguments(options, configurationFile: data + "/zoo.cfg")
        processes[name] = ManagedProcess(name, words, log: workspace.log(name))
    }

    private mutating func addClient(_ name: String, program: String) async throws {
        var servers: [String] = []
        for server in topology.servers {
            servers.append(
                "127.0.0.1:\(try await link(from: name, to: server, port: ports[server] ?? 0))"
            )
        }
        let role = topology.centers.contains(name) ? "center" : "agent"
        // Everybody else reaches its API by a link; who they are, its other end cannot know.
        let url = try await link(from: Self.anybody, to: name, port: ports[name] ?? 0)
        let words = [
            program, role, "--id", name, "--zookeeper", servers.joined(separator: ","), "--data",
            workspace.data(name), "--listen", "127.0.0.1:\(ports[name] ?? 0)", "--url",
            "http://127.0.0.1:\(url)", "--token-file", workspace.file("token"), "--session-timeout",
            "\(topology.sessionTimeout.milliseconds)ms",
        ]
        processes[name] = ManagedProcess(name, try clock(of: name) + words, log: workspace.log(name))
    }

    /// The words that put a steppable wall clock before a process; its monotonic clocks stay true.
    private func clock(of name: String) throws -> [String] {
        guard let clockLibrary else { return [] }
        let clock = SteppedClock(file: workspace.clockFile(of: name))
        try clock.create()
        return ["env", "LD_PRELOAD=\(clockLibrary)", "STEPPED_CLOCK=\(clock.file)"]
    }
}

extension Workspace {
    /// The file that says by how much the wall clock of a process is off.
    func clockFile(of process: String) -> String { file("faults/clock-\(process)") }
}
