/// A request that is an attempt's whole work: it succeeds when the answer is as expected.
///
/// Its JSON form is an object with the keys of the task document; absent keys have their defaults.
public struct HTTPCall: Hashable, Sendable {
    /// What is sent.
    public enum Body: Hashable, Sendable {
        /// A text, as it is.
        case text(String)
        /// A JSON value; texts in it may be templates.
        case json(OutputValue)
    }

    /// The address, a template.
    public var url: String
    /// The method, in capitals.
    public var method: String
    /// Header fields; values are templates.
    public var headers: [String: String]
    /// What is sent; `nil` for nothing.
    public var body: Body?
    /// How long making a connection may take.
    public var connectTimeout: Duration
    /// How long everything may take, redirects and the answer's body included.
    public var timeout: Duration
    /// The statuses that are expected.
    public var statuses: [StatusRange]
    /// What must hold of an answer in JSON.
    public var predicates: [JSONPredicate]
    /// How many redirects are followed at most; further ones fail, and with 0 a redirect is an answer like any other.
    public var redirectsMax: Int
    /// Whose certificates are believed: the path of a file on the agent's machine, or the certificates themselves as PEM; `nil` for those
    /// that the machine believes.
    public var authority: String?
    /// Whether any certificate is believed.
    public var isInsecure: Bool
    /// Whether the host may be in a private network, on the agent's machine, or otherwise not public.
    public var allowsPrivateAddresses: Bool
    /// How many bytes of the answer's body are kept in the log; the others are counted.
    public var bodyBytesMax: Int
    /// Which parts of an answer in JSON become outputs of the run, by their names.
    public var outputs: [String: JSONPath]

    /// Creates a request with the documented defaults.
    public init(url: String, method: String? = nil, headers: [String: String] = [:], body: Body? = nil) {
        self.url = url
        self.method = method ?? (body == nil ? "GET" : "POST")
        self.headers = headers
        self.body = body
        connectTimeout = Self.connectTimeoutDefault
        timeout = Self.timeoutDefault
        statuses = [.successful]
        predicates = []
        redirectsMax = 0
        authority = nil
        isInsecure = false
        allowsPrivateAddresses = false
        bodyBytesMax = Self.bodyBytesDefault
        outputs = [:]
    }

    /// How long making a connection may take, unless something else is said.
    public static let connectTimeoutDefault = Duration.seconds(10)
    /// How long everything may take, unless something else is said.
    public static let timeoutDefault = Duration.seconds(60)
    /// How many bytes of a body are kept, unless another number is given.
    public static let bodyBytesDefault = 1_024 * 1_024
    /// How many bytes of a body may be kept: an answer in JSON is held in memory.
    public static let bodyBytesRange = 0...16 * 1_024 * 1_024
    /// How many redirects may be followed.
    public static let redirectsRange = 0...20
}

/// Statuses of answers.
public struct StatusRange: Hashable, Sendable {
    /// The lowest and the highest.
    public var range: ClosedRange<Int>

    /// Creates a range.
    public init(_ range: ClosedRange<Int>) { self.range = range }

    /// Reads `204` or `200-299`; `nil` when the text is neither.
    public init?(_ text: String) {
        let numbers = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
        guard (1...2).contains(numbers.count), let first = numbers[0], let last = numbers[numbers.count - 1],
            text.utf8.allSatisfy({ $0 == UInt8(ascii: "-") || (0x30...0x39).contains($0) }),
            (100...599).contains(first), (first...599).contains(last)
        else { return nil }
        range = first...last
    }

    /// Those that say that all went well.
    public static let successful = StatusRange(200...299)

    /// The text it is read from.
    public var text: String {
        range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound)-\(range.upperBound)"
    }
}

extension HTTPCall {
    /// The texts in it that may be templates, each with the field it stands in.
    var templateTexts: [(field: String, text: String)] {
        var texts: [(field: String, text: String)] = [("http.url", url)]
        for (name, value) in headers.sorted(by: { $0.key < $1.key }) {
            texts.append(("http.headers.\(name)", value))
        }
        switch body {
        case .text(let text): texts.append(("http.body", text))
        case .json(let value): for text in value.texts { texts.append(("http.json", text)) }
        case nil: break
        }
        return texts
    }

    /// How many bytes its texts have, roughly.
    var textBytes: Int {
        let pairs = headers.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count + 6 }
        let paths = outputs.reduce(0) { $0 + $1.key.utf8.count + $1.value.text.utf8.count + 6 }
        let size = url.utf8.count + pairs + paths + (authority?.utf8.count ?? 0) + 512
        switch body {
        case .text(let text): return size + text.utf8.count
        case .json(let value): return size + value.json.utf8.count
        case nil: return size
        }
    }

    /// The request with the facts of an attempt filled in, each escaped for the place where it stands.
    ///
    /// In the address a value is percent-encoded; in a text of JSON it can be nothing but text; in a body it is escaped as its content
    /// type wants it, which is known for JSON and forms.
    func rendered(_ facts: TemplateFacts) -> Self {
        var call = self
        call.url = Template.render(url, facts, Template.percentEncoded)
        call.headers = headers.mapValues { Template.render($0, facts) }
        switch body {
        case .text(let text): call.body = .text(Template.render(text, facts, bodyEscape))
        case .json(let value): call.body = .json(value.mapTexts { Template.render($0, facts) })
        case nil: break
        }
        return call
    }

    private var bodyEscape: (String) -> String {
        let field = headers.first { $0.key.lowercased() == "content-type" }?.value.lowercased() ?? ""
        let type = field.prefix { $0 != ";" }.filter { $0 != " " }
        if type == "application/x-www-form-urlencoded" { return Template.percentEncoded }
        if type == "application/json" || type.hasSuffix("+json") {
            return { String(OutputValue.text($0).json.dropFirst().dropLast()) }
        }
        return { $0 }
    }
}

extension OutputValue {
    /// The texts in it, in the order in which they are written.
    var texts: [String] {
        switch self {
        case .text(let text): [text]
        case .list(let values): values.flatMap(\.texts)
        case .object(let values): values.sorted { $0.key < $1.key }.flatMap(\.value.texts)
        case .null, .boolean, .integer, .number: []
        }
    }

    /// The value with its texts replaced; names stay as they are.
    func mapTexts(_ change: (String) -> String) -> OutputValue {
        switch self {
        case .text(let text): .text(change(text))
        case .list(let values): .list(values.map { $0.mapTexts(change) })
        case .object(let values): .object(values.mapValues { $0.mapTexts(change) })
        case .null, .boolean, .integer, .number: self
        }
    }
}

extension Template {
    /// A value as a part of an address can have it: everything but letters, digits, `-`, `.`, `_` and `~` is percent-encoded.
    static func percentEncoded(_ text: String) -> String {
        text.utf8.reduce(into: "") { result, byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"), UInt8(ascii: "~"):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                result += digits.count == 1 ? "%0\(digits)" : "%\(digits)"
            }
        }
    }
}
