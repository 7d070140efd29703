import CenterClient
import Domain
import Foundation
import Payloads

/// Finds the server, its token and its ensemble: what is said, else the environment, else the last `up` here.
struct Discovery: Sendable {
    private let environment: [String: String]
    private let state: StateDirectory

    init(environment: [String: String] = ProcessInfo.processInfo.environment) {
        self.environment = environment
        state = StateDirectory(environment: environment)
    }

    /// Base URLs of the centers to talk to, separated by commas: the first that can be reached answers.
    func server(_ given: String?) throws(ControlError) -> String {
        if let named = namedServer(given) { return named }
        if let latest { return companions(of: latest).map(\.url).joined(separator: ",") }
        throw ControlError(
            "no server is known: give --server URL, set CLOUDTASK_SERVER, or start one with 'cloudtask up'",
            .unreachable
        )
    }

    /// The server that is named, by an option or by the environment; `nil` when the last `up` is meant.
    func namedServer(_ given: String?) -> String? {
        if let given { return given }
        return environment["CLOUDTASK_SERVER"].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The servers of this machine that are meant: those with one of the named addresses, or all when none is named.
    func knownServers(_ given: String? = nil) -> [KnownServer] {
        let known = state.servers()
        guard let named = namedServer(given) else { return known }
        let addresses = Set(named.split(separator: ",").map { Self.address(of: String($0)) })
        return known.filter { addresses.contains(Self.address(of: $0.url)) }
    }

    /// The ensemble to talk to directly; `server` is the one whose it is, should that be named by an option.
    func zookeeper(_ given: String?, behind server: String? = nil) throws(ControlError) -> String {
        if let given { return given }
        // The first is the name that centers and agents read.
        for name in ["CLOUDTASK_ZOOKEEPER_HOSTS", "CLOUDTASK_ZOOKEEPER"] {
            if let hosts = environment[name], !hosts.isEmpty { return hosts }
        }
        if let hosts = meant(server)?.zookeeper { return hosts }
        let whose = namedServer(server).map { " of \($0)" } ?? ""
        throw ControlError(
            "no ZooKeeper\(whose) is known: give --zookeeper HOST:PORT, set CLOUDTASK_ZOOKEEPER_HOSTS, or start one with 'cloudtask up'",
            .unreachable
        )
    }

    /// The workspace to talk about; `server` is the one whose it is, should that be named by an option.
    func workspace(_ given: String?, behind server: String? = nil) -> String {
        if let given { return given }
        if let name = environment["CLOUDTASK_WORKSPACE"], !name.isEmpty { return name }
        return meant(server)?.workspace ?? WorkspaceID.standard.text
    }

    /// The file with the token of a server; `nil` when none is known.
    func tokenFile(_ given: String?, for server: String) -> String? {
        if let given { return given }
        if let path = environment["CLOUDTASK_TOKEN_FILE"], !path.isEmpty { return path }
        let known = state.servers()
        for url in server.split(separator: ",") {
            let address = Self.address(of: String(url))
            if let found = known.last(where: { Self.address(of: $0.url) == address }) {
                return found.tokenFile
            }
        }
        return nil
    }

    /// A connection to the server that is meant.
    func connection(server: String?, tokenFile: String?, timeout: Duration) throws -> CenterConnection {
        let url = try self.server(server)
        let path = self.tokenFile(tokenFile, for: url)
        let token = try path.map(Self.token)
        do throws(CenterClientError) {
            return try CenterConnection(url: url, token: token, timeout: timeout)
        } catch {
            throw ControlError(error.message, .usage)
        }
    }

    /// The token in a file.
    static func token(inFile path: String) throws(ControlError) -> AccessToken {
        guard let bytes = FileManager.default.contents(atPath: path) else {
            let exists = FileManager.default.fileExists(atPath: path)
            throw ControlError(
                "the token file \(path) \(exists ? "cannot be read: check its owner" : "does not exist")",
                .notAllowed
            )
        }
        guard let token = AccessToken(String(decoding: bytes, as: UTF8.self)) else {
            throw ControlError(
                "the token file \(path) holds no token: it must be one line of at least 16 visible characters",
                .notAllowed
            )
        }
        return token
    }

    /// The server to ask what is behind it: the one that is named, if it was started here, else that of the last `up`.
    private func meant(_ given: String?) -> KnownServer? {
        namedServer(given) == nil ? latest : knownServers(given).last
    }

    /// The latest server whose supervisor still lives.
    private var latest: KnownServer? {
        state.servers().last { $0.processID.map(ProcessProbe.isAlive) ?? true }
    }

    /// The servers that the same supervisor started, that one first.
    private func companions(of server: KnownServer) -> [KnownServer] {
        guard let supervisor = server.processID else { return [server] }
        return state.servers().reversed().filter { $0.processID == supervisor }
    }

    /// Host and port in one spelling, so that a token is found however the address is written.
    private static func address(of url: String) -> String {
        guard let parts = URLComponents(string: url), let host = parts.host?.lowercased() else { return url }
        let isLoopback = host == "localhost" || host == "::1" || host.hasPrefix("127.")
        return "\(isLoopback ? "loopback" : host):\(parts.port ?? (parts.scheme == "https" ? 443 : 80))"
    }
}
