public import Domain
import Foundation

/// Carries out a request: sends it, follows redirects, and looks whether the answer is as expected.
public struct HTTPPerformer: Sendable {
    let call: HTTPCall
    let output: PerformerOutput
    let resolver: HostResolver
    private let environment: [String: String]

    /// Creates a performer.
    ///
    /// - Parameters:
    ///   - call: The request.
    ///   - environment: The attempt's environment, which says what the request tells of it.
    ///   - output: Where it writes.
    ///   - resolver: Who finds the addresses of hosts.
    public init(
        _ call: HTTPCall,
        environment: [String: String],
        output: PerformerOutput = .standard,
        resolver: HostResolver = .system
    ) {
        self.call = call
        self.environment = environment
        self.output = output
        self.resolver = resolver
    }

    /// Carries it out; the exit code of the attempt: 0 when the answer is as expected.
    public func perform() async -> Int32 {
        let clock = ContinuousClock()
        let began = clock.now
        do {
            try await withinTimeout { try await exchange(since: began) }
            return 0
        } catch {
            let failure = CallFailure(error, host: "the host", connectTimeout: call.connectTimeout)
            output.log("! \(failure.message)")
            return failure.exitCode
        }
    }

    private func withinTimeout(_ body: @Sendable @escaping () async throws -> Void) async throws {
        let limit = call.timeout
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await body() }
            group.addTask {
                try await Task.sleep(for: limit)
                throw CallFailure.timedOut(limit)
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private func exchange(since began: ContinuousClock.Instant) async throws {
        var request = try OutgoingRequest(call, environment: environment)
        var redirects = 0
        while true {
            log(request)
            let answer = try await answer(to: request, by: began + call.timeout)
            guard let location = answer.location else { return try judge(answer, since: began) }
            redirects += 1
            guard redirects <= call.redirectsMax else {
                throw CallFailure.redirects(
                    "there are more redirects than the \(call.redirectsMax) that follow allows"
                )
            }
            request = try request.redirected(to: location, status: answer.status)
        }
    }

    private func log(_ request: OutgoingRequest) {
        output.log("> \(request.method) \(Secrecy.shown(request.url.absoluteString))")
        for (name, value) in request.headers { output.log("> \(name): \(Secrecy.shown(name, value))") }
        if let body = request.body { output.log("> (\(body.count) bytes)") }
    }

    /// Tells of the answer, and throws when it is not what was expected.
    private func judge(_ answer: Answer, since began: ContinuousClock.Instant) throws(CallFailure) {
        let took = began.duration(to: ContinuousClock().now)
        output.tell("::set status=\(answer.status)")
        output.tell("::set bytes=\(answer.size)")
        output.tell("::set milliseconds=\(Int(took / .milliseconds(1)))")
        guard call.statuses.contains(where: { $0.range.contains(answer.status) }) else {
            let list = call.statuses.map(\.text).joined(separator: ", ")
            throw .status("the answer has status \(answer.status), expected is \(list)")
        }
        if call.predicates.isEmpty, call.outputs.isEmpty { return }
        guard answer.size <= answer.body.count else {
            throw .content(
                "the answer has \(answer.size) bytes, more than the \(call.bodyBytesMax) of maxBody: nothing in it is looked at"
            )
        }
        guard let value = try? JSONDecoder().decode(OutputValue.self, from: answer.body) else {
            throw .content("the answer is not JSON")
        }
        for (name, path) in call.outputs.sorted(by: { $0.key < $1.key }) {
            guard let part = path.value(in: value) else {
                throw .content("the answer has no \(path.text), which is to be the output \(name)")
            }
            output.tell("::set \(name)=\(Self.line(part))")
        }
        for predicate in call.predicates where !predicate.holds(in: value) {
            let found = predicate.part(of: value).map { String($0.json.prefix(200)) } ?? "nothing there"
            throw .content("the answer does not satisfy \(predicate.text): there is \(found)")
        }
    }

    /// A value as one line: a text as it is, unless it has several.
    private static func line(_ value: OutputValue) -> String {
        let text = value.plainText
        return text.unicodeScalars.contains { $0.value < 0x20 } ? value.json : text
    }
}

/// An answer, as far as it is looked at.
struct Answer: Sendable {
    var status: Int
    /// Where it leads, when that is followed.
    var location: String?
    /// The beginning of the body.
    var body = Data()
    /// How many bytes the body has.
    var size = 0
}
