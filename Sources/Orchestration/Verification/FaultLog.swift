import Foundation
import Scheduling

/// A line of a fault log that is no fault period.
public struct FaultLogError: Error, Hashable, Sendable {
    /// The line's number, from 1.
    public var line: Int
    /// What is wrong with it.
    public var reason: String

    /// Creates an error.
    public init(line: Int, reason: String) {
        self.line = line
        self.reason = reason
    }
}

extension FaultPeriod {
    /// The periods of a fault log, one a line; empty lines are allowed.
    public static func log(_ text: String) throws(FaultLogError) -> [FaultPeriod] {
        var periods: [FaultPeriod] = []
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
        where !line.allSatisfy(\.isWhitespace) {
            do {
                periods.append(try JSONDecoder().decode(FaultPeriod.self, from: Data(line.utf8)))
            } catch {
                throw FaultLogError(line: index + 1, reason: reason(error))
            }
        }
        return periods
    }

    private static func reason(_ error: any Error) -> String {
        guard let error = error as? DecodingError else { return "is not a JSON object" }
        switch error {
        case .keyNotFound(let key, _): return "has no '\(key.stringValue)'"
        case .dataCorrupted(let context) where context.codingPath.last?.stringValue == "kind":
            let kinds = Kind.allCases.map(\.rawValue).joined(separator: ", ")
            return "has a 'kind' that is none of \(kinds)"
        case .dataCorrupted(let context), .typeMismatch(_, let context), .valueNotFound(_, let context):
            guard let key = context.codingPath.last?.stringValue else { return "is not a JSON object" }
            return "has a '\(key)' that is not what it should be: \(context.debugDescription)"
        @unknown default: return "is not a fault period"
        }
    }
}
