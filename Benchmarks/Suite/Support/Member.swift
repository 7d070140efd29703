import Foundation
import Scheduling
import Synchronization

/// A center or an agent that a benchmark runs itself, because it is to be killed or to replace one that was.
final class Member: Sendable {
    let id: String
    private let process: Process
    /// The process is killed when this closes, and so when this process ends, however it ends.
    private let lifeline: FileHandle

    /// Becomes `$2…` with its log in `$1`; a watcher kills it when standard input closes.
    private static let script = """
        log=$1; shift
        exec 3<&0
        ( read -r _ <&3; kill -9 $$ ) >/dev/null 2>&1 &
        exec "$@" </dev/null >"$log" 2>&1 3<&-
        """

    /// Starts a process that joins a cluster.
    init(_ role: String, id: String, of cluster: LocalCluster, _ workshop: Workshop, more: [String]) throws {
        self.id = id
        let data = try workshop.newDirectory(id)
        let input = Pipe()
        lifeline = input.fileHandleForWriting
        process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments =
            ["-c", Self.script, "supervise", data + "/log", workshop.cloudtask, role, "--id", id]
            + ["--zookeeper", try cluster.zookeeper(), "--data", data, "--listen", "127.0.0.1:0"]
            + ["--token-file", cluster.tokenFile, "--log-level", "warning"] + more
        process.standardInput = input
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
    }

    var processID: Int32 { process.processIdentifier }

    /// Ends the process at once.
    func kill() {
        Foundation.kill(processID, SIGKILL)
        // The watcher has nobody to watch any more.
        try? lifeline.close()
    }
}

/// The processes of a cluster some of which are killed and replaced.
final class Crew: Sendable {
    private let workshop: Workshop
    private let cluster: LocalCluster
    private let sessionTimeout: Duration
    private let members = Mutex<[String: Member]>([:])

    init(_ workshop: Workshop, _ cluster: LocalCluster, _ sessionTimeout: Duration) {
        self.workshop = workshop
        self.cluster = cluster
        self.sessionTimeout = sessionTimeout
    }

    /// Kills a process, whoever started it.
    func kill(_ role: String, _ id: String) throws {
        if let member = members.withLock({ $0.removeValue(forKey: id) }) { return member.kill() }
        guard let process = cluster.processes(role)[id] else {
            throw BenchmarkError("there is no \(role) \(id)")
        }
        Foundation.kill(process, SIGKILL)
    }

    /// Starts another process of a role, under a name that nobody had.
    func replace(_ role: String) throws {
        let id = "\(role)-r\(UInt32.random(in: 0...(.max)))"
        let slots = role == "agent" ? ["--slots", "256"] : []
        let timeout = ["--session-timeout", "\(sessionTimeout.wholeMilliseconds)ms"]
        let member = try Member(role, id: id, of: cluster, workshop, more: timeout + slots)
        members.withLock { $0[id] = member }
    }

    /// Ends what was started here.
    func dismiss() {
        for member in members.withLock({ $0.values.sorted { $0.id < $1.id } }) { member.kill() }
    }
}
