import AsyncHTTPClient
import Domain
import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import Scheduling

/// Why a request has failed: the exit code of the attempt, after those of curl where it knows them, and a sentence.
struct CallFailure: Error, Hashable {
    var exitCode: Int32
    var message: String

    /// The request cannot be sent as it is.
    static func malformed(_ message: String) -> Self { Self(exitCode: 3, message: message) }
    /// The host may not be asked.
    static func forbidden(_ message: String) -> Self { Self(exitCode: 5, message: message) }
    /// The host has no address.
    static func unknownHost(_ host: String) -> Self {
        Self(exitCode: 6, message: "the host \(host) is unknown: is the address right?")
    }
    /// No connection came about, so that nothing was sent.
    static func unreachable(_ message: String) -> Self { Self(exitCode: unreachableCode, message: message) }
    /// The answer has another status.
    static func status(_ message: String) -> Self { Self(exitCode: 22, message: message) }
    /// The answer says something else.
    static func content(_ message: String) -> Self { Self(exitCode: 23, message: message) }
    /// It took too long.
    static func timedOut(_ limit: Duration) -> Self {
        Self(exitCode: 28, message: "it took longer than \(DurationText(limit)), which timeout.total allows")
    }
    /// There were too many redirects.
    static func redirects(_ message: String) -> Self { Self(exitCode: 47, message: message) }
    /// The connection broke.
    static func broken(_ message: String) -> Self { Self(exitCode: 56, message: message) }
    /// The other side is not who it should be.
    static func untrusted(_ message: String) -> Self { Self(exitCode: 60, message: message) }

    private static let unreachableCode: Int32 = 7

    /// Whether another address of the host may be tried: nothing was sent.
    var isUnreachable: Bool { exitCode == Self.unreachableCode }
}

extension CallFailure {
    /// What an error of the HTTP client means.
    init(_ error: any Error, host: String, connectTimeout: Duration) {
        switch error {
        case let failure as CallFailure: self = failure
        case let error as IOError where error.errnoCode == ECONNREFUSED:
            self = .unreachable("nothing listens at \(host)")
        case is NIOConnectionError: self = .unreachable("no connection to \(host)")
        case let error as HTTPClientError where error == .connectTimeout:
            self = .unreachable("no connection to \(host) within \(DurationText(connectTimeout))")
        case let error as HTTPClientError where error == .remoteConnectionClosed:
            self = .broken("\(host) closed the connection before the answer was complete")
        case NIOSSLError.uncleanShutdown:
            self = .broken("\(host) ended the connection as if the answer had been cut off")
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError:
            self = .untrusted("no trusted connection to \(host): \(error)")
        case let error as IOError:
            let isUnreachable = [ENETUNREACH, EHOSTUNREACH, ETIMEDOUT].contains(error.errnoCode)
            self =
                isUnreachable
                ? .unreachable("no connection to \(host): \(error)") : .broken("\(host): \(error)")
        default: self = .broken("\(host): \(error)")
        }
    }
}
