import Domain
import Foundation
import Glibc

/// The files that attempts may leave their results in: `results/<run>-<attempt>.json` in the data directory.
///
/// An attempt finds the path in `CLOUDTASK_RESULT` and makes the file itself; it is read and removed once when the attempt has ended.
struct ResultFiles: Sendable {
    /// The folder that holds them.
    let directory: String

    /// Most bytes of a file: what all outputs of an attempt may have.
    static let bytesMax = AttemptAccount.outputsBytesMax
    /// How deep arrays and objects may be nested: readers of deeper ones could be made to fail.
    static let depthMax = 16

    init(dataDirectory: String) { directory = dataDirectory + "/results" }

    /// The file of an attempt.
    func path(of attempt: AttemptID) -> String { directory + "/" + attempt.description + ".json" }

    /// Makes a place for the file of an attempt that runs as somebody who may not write where the others are: a folder of its own.
    ///
    /// - Returns: Where the file is then.
    func makeRoom(for attempt: AttemptID, _ account: Account) throws(ExecutorError) -> String {
        let room = room(of: attempt)
        // Others may pass through, and see nothing.
        for path in [(directory as NSString).deletingLastPathComponent, directory] {
            guard unsafe chmod(path, 0o711) == 0 else {
                throw ExecutorError("open for others", path, code: errno)
            }
        }
        guard unsafe mkdir(room, 0o700) == 0 || errno == EEXIST,
            unsafe chown(room, account.user, account.group) == 0
        else {
            throw ExecutorError("make directory", room, code: errno)
        }
        return room + "/result.json"
    }

    /// The folder of an attempt that has one.
    private func room(of attempt: AttemptID) -> String { directory + "/" + attempt.description }

    /// Why there is no result although there is something where it should be.
    struct Refusal: Error, Hashable {
        /// What is wrong with the file, after "the file of CLOUDTASK_RESULT".
        var reason: String
    }

    /// What an attempt left; `nil` when it left nothing.
    func values(of attempt: AttemptID) throws(Refusal) -> [String: OutputValue]? {
        for path in [path(of: attempt), room(of: attempt) + "/result.json"] {
            if let bytes = try Self.bytes(of: path) { return try Self.values(in: bytes) }
        }
        return nil
    }

    /// Removes what an attempt left, whatever it is.
    func remove(of attempt: AttemptID) {
        let path = path(of: attempt)
        // Nearly always there is nothing. What cannot be removed now goes when the agent starts anew.
        if unsafe unlink(path) != 0, errno != ENOENT { try? FileManager.default.removeItem(atPath: path) }
        let room = room(of: attempt)
        if unsafe rmdir(room) == 0 || errno == ENOENT { return }
        _ = unsafe unlink(room + "/result.json")
        if unsafe rmdir(room) != 0 { try? FileManager.default.removeItem(atPath: room) }
    }

    /// Reads a file that may be anything: it is neither followed nor waited for.
    private static func bytes(of path: String) throws(Refusal) -> [UInt8]? {
        let file: Int32
        do throws(ExecutorError) {
            file = try Descriptor.open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
        } catch {
            switch error.code {
            case ENOENT: return nil
            case ELOOP: throw Refusal(reason: "is a symbolic link")
            default: throw Refusal(reason: "cannot be read: \(ExecutorError.text(of: error.code))")
            }
        }
        defer { close(file) }
        var status = stat()
        guard unsafe fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw Refusal(reason: "is no regular file")
        }
        guard status.st_size <= Self.bytesMax else {
            throw Refusal(reason: "has \(status.st_size) bytes, more than the \(Self.bytesMax) allowed")
        }
        do throws(ExecutorError) {
            return try LogReader.read(file, Int(status.st_size), offset: 0, path: path)
        } catch {
            throw Refusal(reason: "cannot be read: \(ExecutorError.text(of: error.code))")
        }
    }

    /// The outputs that the bytes of a file are.
    static func values(in bytes: [UInt8]) throws(Refusal) -> [String: OutputValue] {
        if bytes.isEmpty { throw Refusal(reason: "is empty") }
        guard depth(of: bytes) <= depthMax else {
            throw Refusal(reason: "is nested more than \(depthMax) deep")
        }
        let value: OutputValue
        do {
            guard String(validating: bytes, as: UTF8.self) != nil else { throw Refusal(reason: "") }
            value = try JSONDecoder().decode(OutputValue.self, from: Data(bytes))
        } catch {
            throw Refusal(reason: "is not JSON")
        }
        guard case .object(let values) = value else {
            throw Refusal(reason: "is JSON, but not an object such as {\"rows\": 12}")
        }
        if let name = values.keys.sorted().first(where: { !OutputValue.isName($0) }) {
            let rule = "use 1 to 63 letters, digits, dots, underscores and hyphens, starting with a letter"
            throw Refusal(
                reason:
                    "has '\(OutputCommand.shown(name.utf8.prefix(80)))', which is not the name of an output: \(rule)"
            )
        }
        return values
    }

    /// How deep arrays and objects are nested.
    private static func depth(of bytes: [UInt8]) -> Int {
        var (depth, deepest) = (0, 0)
        var isInText = false
        var isEscaped = false
        for byte in bytes {
            if isInText {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isInText = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isInText = true
            case UInt8(ascii: "["), UInt8(ascii: "{"):
                depth += 1
                deepest = max(deepest, depth)
            case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
            default: break
            }
        }
        return deepest
    }
}
