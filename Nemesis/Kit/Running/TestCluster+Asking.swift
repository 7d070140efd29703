import CenterClient
import Domain
import Foundation
import NIOCore
import NIOPosix
import Payloads

extension TestCluster {
    /// The center that leads, by its own word; `nil` when none does.
    ///
    /// A center that does not lead passes the question on to the one that does.
    func leader() async -> String? {
        for center in topology.centers {
            // One that does not answer is asked no further.
            let cluster = try? await connection(to: center, timeout: .seconds(1)).cluster()
            guard let leadership = cluster?.leadership, leadership.state == .leading else { continue }
            return leadership.center?.text
        }
        return nil
    }

    /// What a ZooKeeper server is: `leader`, `follower`; `nil` when it does not serve.
    func mode(of server: String) async -> String? {
        guard let port = ports[server], let text = await TextExchange.ask("srvr", port: port) else {
            return nil
        }
        return text.split(separator: "\n").first { $0.hasPrefix("Mode: ") }.map {
            String($0.dropFirst(6))
        }
    }

    /// The ZooKeeper servers that are in a mode.
    func servers(in mode: String) async -> [String] {
        var found: [String] = []
        for server in topology.servers where await self.mode(of: server) == mode {
            found.append(server)
        }
        return found
    }

    /// Whether a process accepts connections.
    func listens(_ name: String) async -> Bool {
        guard let port = ports[name] else { return false }
        return await TextExchange.connects(to: port)
    }

    /// The ZooKeeper servers that do not serve.
    func absentServers() async -> [String] {
        var absent: [String] = []
        for server in topology.servers where await mode(of: server) == nil { absent.append(server) }
        return absent
    }

    /// Why the cluster is not steady: a majority of ZooKeeper, everybody else, one leader, every task owned; `nil` when it is.
    ///
    /// A server that does not come back (old releases cannot always read their own logs) is ZooKeeper's failure; a majority is
    /// all that CloudTask needs.
    func unrest(tasks: Int?) async -> String? {
        var leaders: Set<String> = []
        let absent = await absentServers()
        if absent.count * 2 >= topology.servers.count {
            return "\(absent.joined(separator: " and ")) does not serve"
        }
        for center in topology.centers {
            guard let cluster = try? await connection(to: center).cluster() else {
                return "\(center) does not answer"
            }
            guard let leader = cluster.leadership.center?.text else {
                return "\(center) knows of no leader"
            }
            leaders.insert(leader)
            // Asked for by name, but not by itself: it is about to be found gone.
            if cluster.leadership.state != .leading {
                return "\(leader) leads, but does not answer \(center)"
            }
            if cluster.centers.count < topology.centers.count { return "\(center) misses a center" }
            let away = cluster.nodes.filter { !$0.online }.map(\.agent.text)
            if cluster.nodes.count < topology.agents.count || !away.isEmpty {
                return "\(center) misses agents \(away.joined(separator: ", "))"
            }
            guard let tasks else { continue }
            let owned = cluster.nodes.map(\.tasks).reduce(0, +)
            if owned != tasks { return "\(center) sees \(owned) of \(tasks) tasks owned" }
            if cluster.unplaced > 0 { return "\(cluster.unplaced) tasks have no owner" }
            if let defect = cluster.defects.first { return "a defect: \(defect)" }
        }
        return leaders.count == 1 ? nil : "the centers name \(leaders.sorted()) as leaders"
    }
}

/// Asks a loopback server one thing and reads what it answers.
enum TextExchange {
    private static let timeout = Duration.seconds(1)

    /// The answer; `nil` when there is none in time.
    static func ask(_ request: String, port: Int) async -> String? {
        await limited {
            let channel = try await connect(to: port)
            return try await channel.executeThenClose { inbound, outbound in
                try await outbound.write(ByteBuffer(string: request))
                var answer = ByteBuffer()
                for try await var part in inbound { answer.writeBuffer(&part) }
                return String(buffer: answer)
            }
        }
    }

    /// Whether somebody listens.
    static func connects(to port: Int) async -> Bool {
        await limited {
            try await connect(to: port).executeThenClose { _, _ in "" }
        } != nil
    }

    private static func connect(to port: Int) async throws -> NIOAsyncChannel<ByteBuffer, ByteBuffer> {
        try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel(wrappingChannelSynchronously: channel)
                }
            }
    }

    private static func limited(_ body: @escaping @Sendable () async throws -> String) async
        -> String?
    {
        try? await withThrowingTaskGroup(of: String?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                try await ContinuousClock().sleep(for: timeout)
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
    }
}
