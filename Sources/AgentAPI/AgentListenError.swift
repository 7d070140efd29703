/// Why an agent's server cannot listen.
public enum AgentListenError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The address is not of this machine's loopback.
    case addressRefused(String)
    /// Another process has the port.
    case portTaken(host: String, port: Int)

    /// What happened and what to do.
    public var description: String {
        switch self {
        case .addressRefused(let host):
            "the agent cannot listen on \(host): until there are accounts it serves this machine only; use 127.0.0.1"
        case .portTaken(let host, let port):
            "the agent cannot listen on \(host):\(port): another process has the port; choose another, or 0 for any"
        }
    }
}
