public import Documents
public import Domain
import Payloads
import Scheduling

/// The settings of a process from its flags, the environment and its configuration file; the first that says something wins.
public struct Settings: Sendable {
    private let flags: [String: String]
    private let environment: [String: String]
    private let file: ConfigurationFile?

    /// Combines the sources.
    ///
    /// - Parameters:
    ///   - flags: Given flags by dotted key.
    ///   - environment: The process's environment; `zookeeper.sessionTimeout` is `CLOUDTASK_ZOOKEEPER_SESSION_TIMEOUT`.
    ///   - file: The configuration file, if there is one.
    public init(flags: [String: String?], environment: [String: String], file: ConfigurationFile?) {
        self.flags = flags.compactMapValues(\.self)
        self.environment = environment
        self.file = file
    }

    /// A setting with where it was said, to begin a message with.
    func value(_ key: String) -> ConfigurationFile.Value? {
        if let text = flags[key] { return .init(text: text, origin: "option for \(key)") }
        let name = Self.variable(key)
        if let text = environment[name] { return .init(text: text, origin: "environment variable \(name)") }
        return file?.values[key]
    }

    /// The name of the environment variable of a dotted key.
    static func variable(_ key: String) -> String {
        var name = "CLOUDTASK_"
        for character in key {
            if character == "." {
                name.append("_")
            } else {
                if character.isUppercase { name.append("_") }
                name.append(contentsOf: character.uppercased())
            }
        }
        return name
    }
}

/// A setting that is wrong or missing: one sentence that says which, where and what to do.
public struct SettingsError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The sentence.
    public var description: String
}

extension Settings {
    /// Text, or the default.
    public func text(_ key: String, default: String) -> String { value(key)?.text ?? `default` }

    /// Text that may be absent.
    public func optionalText(_ key: String) -> String? { value(key)?.text }

    /// Text that must be given.
    public func text(_ key: String, hint: String) throws(SettingsError) -> String {
        if let text = value(key)?.text, !text.isEmpty { return text }
        throw SettingsError(
            description: "\(key) is missing: \(hint), set \(Self.variable(key)), or write it into the file"
        )
    }

    /// A name, or the default.
    public func name<Kind>(_ key: String, default: Name<Kind>?, hint: String) throws(SettingsError) -> Name<
        Kind
    > {
        guard let value = value(key) else {
            if let `default` { return `default` }
            throw SettingsError(
                description:
                    "\(key) is missing: \(hint), set \(Self.variable(key)), or write it into the file"
            )
        }
        if let name = Name<Kind>(value.text) { return name }
        throw SettingsError(
            description: "\(value.origin): '\(value.text)' is not a valid name: \(NameRule.text)"
        )
    }

    /// A duration within a range, or the default.
    public func duration(
        _ key: String,
        default: Duration,
        in range: ClosedRange<Duration>
    ) throws(SettingsError) -> Duration {
        guard let value = value(key) else { return `default` }
        let duration: Duration
        do throws(ScheduleError) {
            duration = try DurationText(parsing: value.text).duration
        } catch {
            throw SettingsError(description: "\(value.origin): \(error.message)")
        }
        if range.contains(duration) { return duration }
        let bounds = "\(DurationText(range.lowerBound).text) and \(DurationText(range.upperBound).text)"
        throw SettingsError(
            description: "\(value.origin): \(key) must be between \(bounds), not \(value.text)"
        )
    }

    /// A whole number within a range, or the default.
    public func integer(_ key: String, default: Int, in range: ClosedRange<Int>) throws(SettingsError) -> Int
    {
        guard let value = value(key) else { return `default` }
        if let number = Int(value.text), range.contains(number) { return number }
        throw SettingsError(
            description:
                "\(value.origin): \(key) must be a number between \(range.lowerBound) and \(range.upperBound), not '\(value.text)'"
        )
    }

    /// The pairs below a key: those of the file, those of the environment (`k=v,k=v`), those of the flags.
    public func pairs(_ key: String) throws(SettingsError) -> [String: String] {
        var pairs: [String: String] = [:]
        for (name, value) in file?.values ?? [:] where name.hasPrefix(key + ".") {
            pairs[String(name.dropFirst(key.count + 1))] = value.text
        }
        for source in [environment[Self.variable(key)], flags[key]].compactMap(\.self) {
            for pair in source.split(separator: ",") {
                let pieces = pair.split(separator: "=", maxSplits: 1).map(String.init)
                guard pieces.count == 2, !pieces[0].isEmpty else {
                    throw SettingsError(
                        description: "\(key): '\(pair)' is not a pair: write it like disk=ssd"
                    )
                }
                pairs[pieces[0]] = pieces[1]
            }
        }
        return pairs
    }

    /// A loopback address and a port, or the default.
    public func listen(_ key: String, default: String) throws(SettingsError) -> (host: String, port: Int) {
        let value = value(key) ?? .init(text: `default`, origin: key)
        guard let colon = value.text.lastIndex(of: ":"),
            let port = Int(value.text[value.text.index(after: colon)...]),
            (0...65_535).contains(port)
        else {
            throw SettingsError(
                description:
                    "\(value.origin): '\(value.text)' is not an address: write it like 127.0.0.1:7400"
            )
        }
        // As in a URL, an IPv6 address may stand in brackets.
        let host = String(value.text[..<colon].drop { $0 == "[" }.prefix { $0 != "]" })
        guard Loopback.isAddress(host) else {
            throw SettingsError(
                description:
                    "\(value.origin): '\(host)' is not a loopback address: there are no accounts yet, listen on 127.0.0.1"
            )
        }
        return (host, port)
    }

    /// The base URL of an HTTP server that others reach a process at; `nil` when none is given.
    public func url(_ key: String) throws(SettingsError) -> String? {
        guard let value = value(key) else { return nil }
        guard value.text.hasPrefix("http://"), HostPort(url: value.text) != nil,
            !value.text.dropFirst("http://".count).contains("/")
        else {
            throw SettingsError(
                description:
                    "\(value.origin): '\(value.text)' is no base URL: write it like http://127.0.0.1:7400"
            )
        }
        return value.text
    }
}
