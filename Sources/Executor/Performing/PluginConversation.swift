import Domain
import Foundation

/// What a plugin and its performer say to each other, in lines of JSON; see docs/plugins.md.
///
/// `silent → greeted → done`: the plugin's first message names the protocol, its last one the result.
struct PluginConversation {
    /// What follows from something that the plugin said.
    enum Action: Equatable {
        /// A line for the standard output of the attempt.
        case tell(String)
        /// A line for its standard error.
        case log(String)
        /// The plugin does not keep to the protocol: it is to be ended.
        case fail(String)
    }

    /// What the plugin may say.
    private struct Message: Decodable {
        var type: String
        var `protocol`: Int?
        var version: String?
        var text: String?
        var stream: String?
        var percent: Double?
        var name: String?
        var value: OutputValue?
        var exitCode: Int32?
        var message: String?
    }

    private var buffer: [UInt8] = []
    private var isGreeted = false
    private var isFailed = false
    private var unknown: Set<String> = []

    /// The exit code that the plugin has named as its result.
    private(set) var result: Int32?
    /// Whether it has said which protocol it speaks.
    var hasGreeted: Bool { isGreeted }

    /// The protocol that is spoken.
    static let version = 1
    /// Longest line that a plugin may write.
    static let lineBytesMax = 1_024 * 1_024

    /// The message that begins the conversation.
    static func start(_ call: PluginCall, environment: [String: String]) -> String {
        var message: [String: OutputValue] = [
            "type": .text("start"), "protocols": .list([.integer(Int64(version))]),
            "config": .object(call.configuration),
        ]
        for name in ["task", "run", "due", "attempt", "node", "fence", "trigger"] {
            if let value = environment["CLOUDTASK_" + name.uppercased()] { message[name] = .text(value) }
        }
        return OutputValue.object(message).json
    }

    /// The message that asks the plugin to end.
    static func stop(within milliseconds: Int64) -> String {
        OutputValue.object(["type": .text("stop"), "withinMilliseconds": .integer(milliseconds)]).json
    }

    /// Takes what the plugin wrote, in whatever pieces it comes.
    mutating func receive(_ bytes: some Sequence<UInt8>) -> [Action] {
        buffer.append(contentsOf: bytes)
        var actions: [Action] = []
        var start = buffer.startIndex
        while let end = buffer[start...].firstIndex(of: UInt8(ascii: "\n")), !isFailed {
            let line = buffer[start..<end]
            if !line.allSatisfy({ $0 == 0x20 || $0 == 0x0D }) { actions += take(line) }
            start = end + 1
        }
        buffer.removeFirst(start)
        if buffer.count > Self.lineBytesMax, !isFailed {
            actions.append(failure("it wrote a line of more than \(Self.lineBytesMax) bytes"))
        }
        return actions
    }

    private mutating func take(_ line: ArraySlice<UInt8>) -> [Action] {
        guard let message = try? JSONDecoder().decode(Message.self, from: Data(line)) else {
            let shown = OutputCommand.shown(line.prefix(80))
            guard isGreeted else { return [failure("its first line is no message: \(shown)")] }
            return [.log("the plugin wrote a line that is no message: \(shown)")]
        }
        guard isGreeted else { return greet(message) }
        guard result == nil else { return [.log("the plugin said '\(message.type)' after its result")] }
        return act(on: message)
    }

    private mutating func greet(_ message: Message) -> [Action] {
        guard message.type == "hello" else { return [failure("its first message is not 'hello'")] }
        guard message.protocol == Self.version else {
            let spoken = message.protocol.map(String.init) ?? "no"
            return [failure("it speaks protocol \(spoken), and this agent speaks \(Self.version)")]
        }
        isGreeted = true
        return message.version.map { [.log("the plugin's version is \(Self.plain($0))")] } ?? []
    }

    private mutating func act(on message: Message) -> [Action] {
        switch message.type {
        case "log":
            // What a plugin passes on is never taken for what the run tells, whatever ends its lines.
            let lines = (message.text ?? "")
                .split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
            let texts = lines.map { $0.hasPrefix("::") ? " " + $0 : String($0) }
            return texts.map { message.stream == "stderr" ? .log($0) : .tell($0) }
        case "progress":
            guard let percent = message.percent, (0...100).contains(percent) else {
                return [malformed(message)]
            }
            return [.tell("::progress \(Self.decimals(percent)) \(Self.plain(message.text ?? ""))")]
        case "status":
            guard let text = message.text, !text.isEmpty else { return [malformed(message)] }
            return [.tell("::status \(Self.plain(text))")]
        case "output":
            guard let name = message.name, OutputValue.isName(name), let value = message.value else {
                return [malformed(message)]
            }
            let text = value.plainText
            let isLine = !text.unicodeScalars.contains { $0.value < 0x20 }
            return [.tell("::set \(name)=\(isLine ? text : value.json)")]
        case "result":
            guard let code = message.exitCode, (0...255).contains(code) else { return [malformed(message)] }
            result = code
            return message.message.map { [.log(Self.plain($0))] } ?? []
        default:
            // A later version may say more; once is enough to notice.
            let isNew = unknown.count < 20 && unknown.insert(message.type).inserted
            return isNew
                ? [.log("the plugin said '\(Self.plain(message.type))', which protocol 1 does not know")] : []
        }
    }

    private mutating func failure(_ reason: String) -> Action {
        isFailed = true
        return .fail("the plugin does not speak the protocol of docs/plugins.md: \(reason)")
    }

    private func malformed(_ message: Message) -> Action {
        .log(
            "the plugin's message '\(Self.plain(message.type))' lacks something, or has it wrong: it is ignored"
        )
    }

    /// A percentage as a line of progress has it.
    private static func decimals(_ percent: Double) -> String {
        let hundredths = Int((percent * 100).rounded(.down))
        let rest = hundredths % 100
        return rest == 0 ? "\(hundredths / 100)" : "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
    }

    /// A text as one line without what a terminal would obey.
    private static func plain(_ text: String) -> String { OutputCommand.shown(text.utf8) }
}
