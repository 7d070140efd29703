import Foundation
import ZooKeeper

/// Everything `up` decides before it starts anything: directories, ports, and the processes' arguments.
struct UpPlan: Sendable {
    /// What the user asked for.
    struct Request: Sendable {
        var centers: Int
        var agents: Int
        var dataDirectory: String
        var sessionTimeout: String
        var workspace: String
        /// An ensemble of the user's; `nil` to start a server.
        var zookeeper: String?
        /// The first center's port; `nil` for any that is free.
        var port: Int?
        var slots: Int?
        var logLevel: String
    }

    /// The members in the order of their start.
    let members: [Member]
    /// The ensemble.
    let zookeeper: String
    /// The centers' URLs, the first one first.
    let servers: [String]
    /// The file with the token.
    let tokenFile: String
    /// Where the agents keep their data.
    let agentDirectories: [String]

    /// Prefers the same ports each time, so that a remembered address goes on working.
    private static let centerPorts = 7_470..<7_480
    private static let agentPorts = 7_480..<7_580
    private static let zookeeperPorts = 7_460..<7_470

    /// Makes directories and the token, picks ports, writes ZooKeeper's configuration.
    init(_ request: Request) async throws {
        let data = request.dataDirectory
        let program = try Executable.path()
        var taken: Set<Int> = []
        tokenFile = data + "/token"
        _ = try ProcessSetup.token(file: tokenFile)
        var members: [Member] = []
        if let given = request.zookeeper {
            zookeeper = given
        } else {
            let port = try await FreePort.pick(Self.zookeeperPorts)
            taken.insert(port)
            zookeeper = "127.0.0.1:\(port)"
            members.append(try Self.server(port: port, data: data + "/zookeeper"))
        }
        var servers: [String] = []
        for number in 1...request.centers {
            let port = try await Self.port(request.port.map { $0 + number - 1 }, Self.centerPorts, &taken)
            servers.append("http://127.0.0.1:\(port)")
            members.append(
                try Self.child(.center, number, port: port, program, zookeeper, tokenFile, request)
            )
        }
        for number in 1..<(request.agents + 1) {
            let port = try await Self.port(nil, Self.agentPorts, &taken)
            members.append(try Self.child(.agent, number, port: port, program, zookeeper, tokenFile, request))
        }
        self.members = members
        self.servers = servers
        agentDirectories = members.filter { $0.role == .agent }.map { data + "/" + $0.id }
    }

    /// A port that is free, or exactly the one that was asked for.
    private static func port(_ wanted: Int?, _ preferred: Range<Int>, _ taken: inout Set<Int>) async throws
        -> Int
    {
        if let wanted {
            guard try await FreePort.isFree(wanted) else {
                throw ControlError(
                    "port \(wanted) is taken: stop what listens on 127.0.0.1:\(wanted), or give another --port"
                )
            }
            taken.insert(wanted)
            return wanted
        }
        let port = try await FreePort.pick(preferred, except: taken)
        taken.insert(port)
        return port
    }

    private static func server(port: Int, data: String) throws -> Member {
        try StateDirectory.makePrivateDirectory(data)
        let launcher: ZooKeeperLauncher
        do throws(ZooKeeperLauncher.Missing) {
            launcher = try ZooKeeperLauncher.locate(environment: ProcessInfo.processInfo.environment) {
                path in
                FileManager.default.fileExists(atPath: path)
            }
        } catch {
            throw ControlError("\(error.description), or give --zookeeper HOST:PORT")
        }
        let options = ZooKeeperLauncher.Options(
            dataDirectory: data,
            clientPort: port,
            tickTime: tick,
            sessionTimeoutMax: CommonSettings.sessionTimeoutRange.upperBound
        )
        let file = data + "/zoo.cfg"
        try StateDirectory.writePrivately(Data(launcher.configuration(options).utf8), to: file)
        let arguments = quiet + launcher.arguments(options, configurationFile: file)
        return Member(role: .zookeeper, id: "zookeeper", program: launcher.java, arguments: arguments)
    }

    /// A client that goes away without farewell is no reason for a stack trace.
    private static let quiet = [
        "-Dorg.slf4j.simpleLogger.log.org.apache.zookeeper.server.NIOServerCnxn=error"
    ]

    /// ZooKeeper ends sessions at ticks: a short one makes takeovers quick.
    private static let tick = Duration.milliseconds(500)

    private static func child(
        _ role: Member.Role,
        _ number: Int,
        port: Int,
        _ program: String,
        _ zookeeper: String,
        _ tokenFile: String,
        _ request: Request
    ) throws -> Member {
        let id = "\(role.rawValue)-\(number)"
        let data = request.dataDirectory + "/" + id
        try StateDirectory.makePrivateDirectory(data)
        var arguments = [role.rawValue, "--id", id]
        if role == .agent { arguments += ["--runtime", "default"] }
        arguments += [
            "--zookeeper", zookeeper, "--workspace", request.workspace, "--data", data, "--listen",
            "127.0.0.1:\(port)",
            "--token-file", tokenFile, "--session-timeout", request.sessionTimeout, "--log-level",
            request.logLevel,
        ]
        if role == .agent, let slots = request.slots { arguments += ["--slots", String(slots)] }
        return Member(role: role, id: id, program: program, arguments: arguments)
    }
}
