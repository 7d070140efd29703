import Crypto
import Domain

/// What connects a run with the traces of what it calls: the W3C's `traceparent`, made of the run's identity.
///
/// All attempts of a run are one trace, each with a span of its own; whoever knows the run's identity can compute them.
enum TraceContext {
    /// The variable in which programs look for it.
    static let variable = "TRACEPARENT"

    /// The value for an attempt: version 00, trace, span, and the flag that says that it is recorded.
    static func text(of attempt: AttemptID) -> String {
        let trace = digest("trace\n\(attempt.run)").prefix(16)
        let span = digest("span\n\(attempt)").prefix(8)
        return "00-\(hexadecimal(trace))-\(hexadecimal(span))-01"
    }

    private static func digest(_ text: String) -> [UInt8] { Array(SHA256.hash(data: Array(text.utf8))) }

    private static func hexadecimal(_ bytes: ArraySlice<UInt8>) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
