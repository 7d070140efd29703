import Domain
import Glibc
import Scheduling

/// The standard output of one attempt as it is followed.
///
/// `following → ending → over`: when the attempt has ended, what is in the file by then is read, and no more. Used by one thread.
final class FollowedOutput {
    private let path: String
    private var file: Int32 = -1
    private var failure: ExecutorError?
    private var offset: Int64 = 0
    private var end: Int64?
    private var scanner = OutputScanner()
    private var toldCount = 0
    private var statusCount = 0
    private var setCount = 0
    /// Whether there was more to read when it was last looked at.
    private(set) var hasMore = false
    /// How the attempt ended; `nil` while it runs.
    private(set) var result: AttemptResult?

    init(path: String) { self.path = path }

    /// The attempt has ended.
    func end(_ result: AttemptResult) {
        self.result = result
        hasMore = true
    }

    /// Reads the next piece, if there is one.
    func read(into piece: inout [UInt8]) {
        hasMore = false
        guard failure == nil, !scanner.isExhausted else { return }
        do throws(ExecutorError) {
            try readNext(into: &piece)
        } catch {
            failure = error
        }
    }

    /// The latest progress, if it was told since this was asked last.
    func takeProgress(_ now: Instant) -> RunProgress? {
        guard scanner.progressCount > toldCount else { return nil }
        toldCount = scanner.progressCount
        return progress(now)
    }

    /// The latest status, if it was told since this was asked last.
    func takeStatus(_ now: Instant) -> RunStatus? {
        guard scanner.statusCount > statusCount else { return nil }
        statusCount = scanner.statusCount
        return status(now)
    }

    /// What was set so far, if something was since this was asked last.
    func takeOutputs(_ now: Instant) -> OutputsSoFar? {
        guard scanner.setCount > setCount else { return nil }
        setCount = scanner.setCount
        return OutputsSoFar(scanner.values, at: now)
    }

    /// Gives the file back.
    func close() {
        if file >= 0 { Glibc.close(file) }
        file = -1
    }

    /// What the attempt told, with what it left as its result.
    func account(
        result: Result<[String: OutputValue]?, ResultFiles.Refusal>,
        _ now: Instant
    ) -> AttemptAccount {
        scanner.finish()
        var warnings: [String] = []
        var values: [String: OutputValue] = [:]
        switch result {
        case .success(let left): values = left ?? [:]
        case .failure(let refusal):
            warnings.append("there is no result: the file of CLOUDTASK_RESULT \(refusal.reason)")
        }
        let left = add(scanner.values, to: &values)
        warnings += complaints(withoutRoom: left)
        return AttemptAccount(
            outputs: values,
            progress: progress(now),
            status: status(now),
            warnings: warnings
        )
    }

    private func status(_ now: Instant) -> RunStatus? { scanner.status.map { RunStatus($0, at: now) } }

    private func progress(_ now: Instant) -> RunProgress? {
        scanner.progress.map { RunProgress(percent: $0.percent, text: $0.text, at: now) }
    }

    private func readNext(into piece: inout [UInt8]) throws(ExecutorError) {
        if file < 0 { file = try Descriptor.open(path, O_RDONLY) }
        if result != nil, end == nil { end = try size() }
        let known: Int64
        if let end { known = end } else { known = try size() }
        if known < offset {
            // The attempt has cut its own output off.
            offset = known
            scanner.restart()
        }
        let count = min(Int64(piece.count), known - offset)
        guard count > 0 else { return }
        let got = try LogReader.read(file, into: &piece, Int(count), offset: offset, path: path)
        scanner.read(piece, count: got)
        offset += Int64(got)
        hasMore = got > 0 && offset < known && !scanner.isExhausted
    }

    private func size() throws(ExecutorError) -> Int64 {
        var status = stat()
        guard unsafe fstat(file, &status) == 0 else { throw ExecutorError("examine", path, code: errno) }
        return Int64(status.st_size)
    }

    /// Adds what was set and is not in the result, as much as there is room for; returns the names of the rest.
    private func add(_ set: [String: String], to values: inout [String: OutputValue]) -> [String] {
        var bytes = OutputValue.bytes(of: values)
        var left: [String] = []
        for (name, text) in set.sorted(by: { $0.key < $1.key }) where values[name] == nil {
            bytes += OutputValue.bytes(of: name, .text(text))
            if bytes <= AttemptAccount.outputsBytesMax {
                values[name] = .text(text)
            } else {
                bytes -= OutputValue.bytes(of: name, .text(text))
                left.append(name)
            }
        }
        return left
    }

    private func complaints(withoutRoom left: [String]) -> [String] {
        var sentences: [String] = []
        let (malformed, refused) = (scanner.malformed, scanner.refused)
        if malformed.count > 0 {
            let lines = malformed.count == 1 ? "1 line begins" : "\(malformed.count) lines begin"
            let verb = malformed.count == 1 ? "is" : "are"
            sentences.append(
                "\(lines) with ::progress, ::status or ::set and \(verb) none of them, and so ordinary output: '\(malformed.sample)'"
            )
        }
        let count = refused.count + left.count
        if count > 0 {
            let name = refused.count > 0 ? refused.sample : left[0]
            let values = count == 1 ? "1 value was" : "\(count) values were"
            sentences.append(
                "\(values) left out, because all outputs together may have \(AttemptAccount.outputsBytesMax) bytes: '\(name)'"
            )
        }
        if scanner.isExhausted {
            sentences.append(
                "what follows \(OutputScanner.Limit.linesMax) lines that begin with :: was not looked at"
            )
        }
        if let failure { sentences.append("what it told was not read to the end: \(failure)") }
        return sentences
    }
}
