import Foundation

/// Where this machine's user keeps what one command leaves for the next: which servers run, and their tokens' files.
struct StateDirectory: Hashable, Sendable {
    /// The directory; it need not exist.
    let path: String

    init(path: String) {
        self.path = path
    }

    /// `$XDG_STATE_HOME/cloudtask`, else `~/.local/state/cloudtask`.
    init(environment: [String: String]) {
        if let state = environment["XDG_STATE_HOME"], state.hasPrefix("/") {
            path = state + "/cloudtask"
        } else {
            path =
                (environment["HOME"] ?? FileManager.default.homeDirectoryForCurrentUser.path)
                + "/.local/state/cloudtask"
        }
    }

    /// The file that lists servers.
    var serversFile: String { path + "/servers.json" }

    /// The servers this machine knows, the latest started last; empty when there is no readable list.
    func servers() -> [KnownServer] {
        // A missing or damaged list only means that the user must name the server.
        guard let bytes = FileManager.default.contents(atPath: serversFile),
            let file = try? JSONDecoder().decode(KnownServers.self, from: bytes)
        else { return [] }
        return file.servers
    }

    /// Adds a server as the latest, replacing what was known of its address.
    func remember(_ server: KnownServer) throws {
        var servers = servers().filter { $0.url != server.url }
        servers.append(server)
        try write(Array(servers.suffix(Self.serversMax)))
    }

    /// Forgets a server that was stopped.
    func forget(url: String) throws {
        try write(servers().filter { $0.url != url })
    }

    /// Enough for every cluster a person plays with.
    private static let serversMax = 32

    private func write(_ servers: [KnownServer]) throws {
        try Self.makePrivateDirectory(path)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try Self.writePrivately(try encoder.encode(KnownServers(servers: servers)), to: serversFile)
    }

    /// Makes a directory that only its owner can enter.
    static func makePrivateDirectory(_ path: String) throws {
        let attributes: [FileAttributeKey: Any] = [.posixPermissions: 0o700]
        do {
            try FileManager.default.createDirectory(
                atPath: path,
                withIntermediateDirectories: true,
                attributes: attributes
            )
            try FileManager.default.setAttributes(attributes, ofItemAtPath: path)
        } catch {
            throw ControlError("the directory \(path) cannot be made: \(Self.reason(error))")
        }
    }

    /// Refuses a directory that serves others already: making it private would lock them out.
    ///
    /// One that has the file `mark` is ours.
    static func refuseShared(_ path: String, mark: String) throws {
        let files = FileManager.default
        // A directory that does not exist, or cannot be read, is not somebody's yet, or fails when it is used.
        guard let entries = try? files.contentsOfDirectory(atPath: path), !entries.isEmpty else { return }
        let mode = try files.attributesOfItem(atPath: path)[.posixPermissions] as? NSNumber
        if let mode, mode.intValue & 0o077 != 0, !entries.contains(mark) {
            throw ControlError(
                "the directory \(path) is open to others and holds other things: give --data a directory of its own"
            )
        }
    }

    /// Writes a file that only its owner can read, replacing it as a whole.
    static func writePrivately(_ bytes: Data, to path: String) throws {
        // A new file comes with its permissions. A replaced one gets them back a moment later: the directory, which
        // only its owner can enter, protects it in between.
        let attributes: [FileAttributeKey: Any] = [.posixPermissions: 0o600]
        do {
            if FileManager.default.fileExists(atPath: path) {
                try bytes.write(to: URL(fileURLWithPath: path), options: .atomic)
                try FileManager.default.setAttributes(attributes, ofItemAtPath: path)
            } else {
                let temporary = path + ".\(ProcessInfo.processInfo.processIdentifier).new"
                guard
                    FileManager.default.createFile(atPath: temporary, contents: bytes, attributes: attributes)
                else {
                    throw ControlError("it cannot be made")
                }
                try FileManager.default.moveItem(atPath: temporary, toPath: path)
            }
        } catch {
            throw ControlError(
                "the file \(path) cannot be written: check the directory's owner and free space"
            )
        }
    }

    /// The part of a Foundation error that people understand.
    static func reason(_ error: any Error) -> String {
        let error = error as NSError
        if let cause = error.userInfo[NSUnderlyingErrorKey] as? any Error {
            return (cause as NSError).localizedDescription
        }
        return error.localizedDescription
    }
}

/// A server that was started on this machine.
struct KnownServer: Hashable, Codable, Sendable {
    /// Base URL of a center.
    var url: String
    /// Path of the file with its token.
    var tokenFile: String?
    /// The ensemble behind it, as `host:port,…`.
    var zookeeper: String?
    /// The workspace it serves.
    var workspace: String?
    /// The process that supervises it.
    var processID: Int32?
}

private struct KnownServers: Codable {
    var v = 1
    var servers: [KnownServer]

    init(servers: [KnownServer]) {
        self.servers = servers
    }
}
