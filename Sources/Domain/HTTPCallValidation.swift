import Foundation
import Scheduling

extension HTTPCall {
    /// What is wrong with it.
    var problems: [ValidationProblem] {
        addressProblems + headerProblems + timeProblems + answerProblems + trustProblems + sizeProblems
    }

    private static func problem(_ field: String, _ message: String) -> ValidationProblem {
        ValidationProblem(field: "http." + field, message: message)
    }

    private var addressProblems: [ValidationProblem] {
        var problems: [ValidationProblem] = []
        // What is filled in can be neither the scheme nor a delimiter.
        let parts = URLComponents(string: Self.withoutTemplates(url))
        let isGood =
            ["http", "https"].contains(parts?.scheme) && parts?.host?.isEmpty == false
            && parts?.port.map((1...65_535).contains) ?? true
        if !isGood || url.utf8.count > Limit.addressBytesMax {
            problems.append(Self.problem("url", "the address must be like https://example.com/jobs"))
        } else if parts?.user != nil || parts?.password != nil {
            let message = "an address has no user or password here: write headers: {Authorization: …}"
            problems.append(Self.problem("url", message))
        } else if parts?.fragment != nil {
            problems.append(Self.problem("url", "the part behind '#' is never sent: remove it"))
        }
        if method.isEmpty || method.count > 20 || !method.utf8.allSatisfy(Self.isCapital) {
            problems.append(Self.problem("method", "a method is a word in capitals such as GET or POST"))
        }
        return problems
    }

    private var headerProblems: [ValidationProblem] {
        var seen: Set<String> = []
        return headers.sorted { $0.key < $1.key }.compactMap { name, value in
            let field = "headers.\(name)"
            if name.isEmpty || !name.utf8.allSatisfy(Self.isTokenByte) {
                return Self.problem(field, "'\(name.prefix(80))' is not the name of a header field")
            }
            if !seen.insert(name.lowercased()).inserted {
                return Self.problem(field, "\(name) is given twice, in other letters: keep one")
            }
            if Self.ownHeaders.contains(name.lowercased()) {
                return Self.problem(field, "\(name) is made from the request itself: remove it")
            }
            let hasControls = value.unicodeScalars.contains {
                $0.value < 0x20 && $0 != "\t" || $0.value == 0x7F
            }
            guard hasControls else { return nil }
            return Self.problem(
                field,
                "\(name) contains a line break or another control character: remove it"
            )
        }
    }

    private var timeProblems: [ValidationProblem] {
        var problems: [ValidationProblem] = []
        if connectTimeout < .milliseconds(1) || connectTimeout > Limit.connectTimeoutMax {
            let message = "the time for a connection must be between 1ms and 10m"
            problems.append(Self.problem("timeout.connect", message))
        }
        if timeout < .milliseconds(1) || timeout > TaskSpecification.Limit.timeoutMax {
            problems.append(
                Self.problem("timeout.total", "the time for everything must be between 1ms and 366d")
            )
        }
        return problems
    }

    private var answerProblems: [ValidationProblem] {
        var problems: [ValidationProblem] = []
        if statuses.isEmpty {
            problems.append(Self.problem("expect.status", "no status is expected: write one such as 200-299"))
        }
        if !Self.redirectsRange.contains(redirectsMax) {
            problems.append(Self.problem("follow", "follow must be a whole number from 0 to 20"))
        }
        if !Self.bodyBytesRange.contains(bodyBytesMax) {
            let message = "maxBody must be a number of bytes from 0 to \(Self.bodyBytesRange.upperBound)"
            problems.append(Self.problem("maxBody", message))
        }
        for name in outputs.keys.sorted() {
            if !OutputValue.isName(name) {
                let rule =
                    "use 1 to 63 letters, digits, dots, underscores and hyphens, starting with a letter"
                problems.append(
                    Self.problem(
                        "outputs.\(name)",
                        "'\(name.prefix(80))' is not the name of an output: \(rule)"
                    )
                )
            } else if Self.ownOutputs.contains(name) {
                problems.append(
                    Self.problem("outputs.\(name)", "every request tells '\(name)': choose another")
                )
            }
        }
        return problems
    }

    private var trustProblems: [ValidationProblem] {
        guard let authority else { return [] }
        if isInsecure {
            return [Self.problem("tls", "insecure believes every certificate: remove ca or insecure")]
        }
        if authority.hasPrefix("/") || authority.hasPrefix(Self.certificateStart) { return [] }
        let message = "ca must be the absolute path of a file on the agent's machine, or certificates as PEM"
        return [Self.problem("tls.ca", message)]
    }

    private var sizeProblems: [ValidationProblem] {
        guard textBytes > TaskSpecification.Limit.actionBytesMax else { return [] }
        let limit = TaskSpecification.Limit.actionBytesMax
        return [
            ValidationProblem(
                field: "http",
                message: "the request has \(textBytes) bytes, more than the \(limit) allowed; send less"
            )
        ]
    }

    /// A text with a plain word wherever something is filled in.
    private static func withoutTemplates(_ text: String) -> String {
        var result = ""
        var rest = text[...]
        while let open = rest.firstRange(of: "${{"),
            let close = rest[open.upperBound...].firstRange(of: "}}")
        {
            result += rest[..<open.lowerBound] + "1"
            rest = rest[close.upperBound...]
        }
        return result + rest
    }

    private static func isCapital(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) || byte == UInt8(ascii: "-")
    }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        isCapital(byte & 0xDF) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            || "-_.!#$%&'*+^`|~".utf8.contains(byte)
    }

    /// How certificates as PEM begin.
    public static let certificateStart = "-----BEGIN"
    /// What every request tells of its answer.
    public static let ownOutputs = ["status", "bytes", "milliseconds"]
    private static let ownHeaders = [
        "host", "content-length", "transfer-encoding", "connection", "te", "upgrade",
    ]

    private enum Limit {
        static let addressBytesMax = 8 * 1_024
        static let connectTimeoutMax = Duration.seconds(600)
    }
}
