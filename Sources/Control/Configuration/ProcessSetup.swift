import Foundation
public import Logging
public import Payloads

/// What a center and an agent do before they start to serve.
public enum ProcessSetup {
    /// This program's version.
    public static let version = "0.1.0"

    /// The machine's name, as it is told to people.
    public static var host: String { ProcessInfo.processInfo.hostName }

    /// This process.
    public static var processID: Int32 { ProcessInfo.processInfo.processIdentifier }

    /// Sends the process's log to standard error.
    ///
    /// - Parameters:
    ///   - label: What begins every line.
    ///   - level: The least severe level that is logged; one of swift-log's names.
    /// - Returns: The process's logger.
    public static func logger(_ label: String, level: String) -> Logger {
        LoggingSystem.bootstrap { StreamLogHandler.standardError(label: $0) }
        var logger = Logger(label: label)
        logger.logLevel = Logger.Level(rawValue: level) ?? .info
        return logger
    }

    /// The token in a file, which is created with a random one if it does not exist.
    ///
    /// - Throws: `SettingsError` when the file cannot be read or created, or is open to others.
    public static func token(file: String) throws(SettingsError) -> AccessToken {
        if !FileManager.default.fileExists(atPath: file) { try createToken(file: file) }
        let attributes = try? FileManager.default.attributesOfItem(atPath: file)
        if let mode = attributes?[.posixPermissions] as? Int, mode & 0o077 != 0 {
            throw SettingsError(description: "\(file) is open to others: run chmod 600 \(file)")
        }
        guard let text = try? String(contentsOfFile: file, encoding: .utf8) else {
            throw SettingsError(description: "the token in \(file) cannot be read: check the file's owner")
        }
        guard let token = AccessToken(text) else {
            throw SettingsError(
                description:
                    "\(file) holds no token: it must have \(AccessToken.lengthMin) or more visible ASCII characters"
            )
        }
        return token
    }

    /// The port to serve on: the given one, or for 0 one that is free now.
    public static func port(_ wanted: Int) async throws -> Int {
        wanted == 0 ? try await FreePort.pick(0..<0) : wanted
    }

    /// The URL that others reach a process at which listens on `host`.
    public static func url(host: String, port: Int) -> String {
        "http://\(host.contains(":") ? "[\(host)]" : host):\(port)"
    }

    private static func createToken(file: String) throws(SettingsError) {
        do {
            let folder = URL(fileURLWithPath: file).deletingLastPathComponent()
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        } catch {
            throw SettingsError(
                description: "the token file \(file) cannot be created: \(error.localizedDescription)"
            )
        }
        var generator = SystemRandomNumberGenerator()
        let digits = (0..<4).map { _ in
            String(UInt64.random(in: .max / 16 ... .max, using: &generator), radix: 16)
        }
        // Written aside and linked: two processes that start at once must end up with one token.
        let draft = "\(file).\(processID)"
        let isCreated = FileManager.default.createFile(
            atPath: draft,
            contents: Data((digits.joined() + "\n").utf8),
            attributes: [.posixPermissions: 0o600]
        )
        guard isCreated else {
            throw SettingsError(description: "the token file \(file) cannot be created: check its directory")
        }
        // Fails when another process was first; its token counts.
        try? FileManager.default.linkItem(atPath: draft, toPath: file)
        try? FileManager.default.removeItem(atPath: draft)
    }
}
