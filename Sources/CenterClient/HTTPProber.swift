public import Agent
import AsyncHTTPClient
public import Domain
import NIOCore
import NIOHTTP1
import Scheduling

/// Asks whether a process is healthy by fetching a page: a status from 200 to 399 means that it is.
///
/// No token goes along, redirects are not followed, and no more of the page is read than its head.
public struct HTTPProber: HealthProber {
    /// Creates a prober.
    public init() {}

    /// Fetches the probe's page once.
    public func answer(to probe: HealthProbe, of order: LaunchOrder) async -> ProbeAnswer {
        guard case .http(let address) = probe.check else {
            return ProbeAnswer(isHealthy: false, text: "the probe has no address")
        }
        let request = HTTPClientRequest(url: address)
        let deadline = NIODeadline.now() + .milliseconds(probe.timeout.wholeMilliseconds)
        do {
            let response = try await HTTPClient.ofProbes.execute(request, deadline: deadline)
            let status = Int(response.status.code)
            return ProbeAnswer(isHealthy: (200..<400).contains(status), text: "status \(status)")
        } catch {
            return ProbeAnswer(isHealthy: false, text: Self.text(of: error, address, probe.timeout))
        }
    }

    private static func text(of error: any Error, _ address: String, _ timeout: Duration) -> String {
        switch error as? HTTPClientError {
        case .deadlineExceeded?, .readTimeout?, .connectTimeout?:
            return "no answer within \(DurationText(timeout))"
        default: break
        }
        switch ConnectionFailure(error) {
        case .unknownHost?: return "the host of \(address) is unknown"
        case .refused?: return "nothing listens at \(address)"
        case .silent?: return "no answer within \(DurationText(timeout))"
        case nil: return "no answer: \(error)"
        }
    }
}

extension HTTPClient {
    /// The client of all probes of the process, for the process's whole life.
    ///
    /// Every probe asks over a connection of its own, as far as possible: a process that accepts no more of them is not healthy.
    fileprivate static let ofProbes: HTTPClient = {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.connectionPool.idleTimeout = .milliseconds(1)
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()
}
