import AsyncHTTPClient
import Foundation
import NIOCore
import NIOPosix

/// Why no connection came about, so that nothing of the request can have been seen.
enum ConnectionFailure {
    /// The host has no address.
    case unknownHost
    /// Nothing listens at the port.
    case refused
    /// No answer in time.
    case silent

    /// What an error of the HTTP client means; `nil` when a connection may have been made.
    init?(_ error: any Error) {
        switch error {
        case let error as NIOConnectionError: self.init(error)
        case let error as IOError where error.errnoCode == ECONNREFUSED: self = .refused
        case let error as HTTPClientError where error == .connectTimeout: self = .silent
        default: return nil
        }
    }

    private init(_ error: NIOConnectionError) {
        if error.connectionErrors.isEmpty {
            self = .unknownHost
        } else {
            let isRefused = error.connectionErrors.allSatisfy {
                ($0.error as? IOError)?.errnoCode == ECONNREFUSED
            }
            self = isRefused ? .refused : .silent
        }
    }

    /// What is wrong with a center's URL, and what to look at.
    func sentence(about url: String) -> String {
        let reason =
            switch self {
            case .unknownHost: "the host is unknown; is the URL right?"
            case .refused: "nothing listens there; is the center running, is the URL right?"
            case .silent: "no answer; is the machine up, is the URL right?"
            }
        return "\(url) cannot be reached: \(reason)"
    }
}
