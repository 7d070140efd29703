import Agent
import Domain
import Foundation
import Glibc
import Scheduling
import Testing

@testable import Executor

@Suite struct PluginConversationTests {
    private func said(_ lines: String...) -> (actions: [PluginConversation.Action], result: Int32?) {
        var conversation = PluginConversation()
        let actions = conversation.receive((lines.joined(separator: "\n") + "\n").utf8)
        return (actions, conversation.result)
    }

    private let hello = #"{"type": "hello", "protocol": 1}"#

    @Test("what a plugin says becomes what a run tells, in whatever pieces it comes")
    func whole() {
        let lines = [
            #"{"type": "hello", "protocol": 1, "version": "2.3"}"#, "",
            #"{"type": "log", "text": "one\n::set rows=9\r\n::set rows=8\ntwo"}"#,
            #"{"type": "log", "text": "careful", "stream": "stderr"}"#,
            #"{"type": "progress", "percent": 40.257, "text": "co\npying"}"#,
            #"{"type": "status", "text": "busy"}"#,
            #"{"type": "output", "name": "rows", "value": 12}"#,
            #"{"type": "output", "name": "note", "value": "a\nb"}"#,
            #"{"type": "result", "exitCode": 3, "message": "too few rows"}"#,
        ]
        let text = lines.joined(separator: "\r\n") + "\n"
        let expected: [PluginConversation.Action] = [
            .log("the plugin's version is 2.3"), .tell("one"), .tell(" ::set rows=9"), .tell(" ::set rows=8"),
            .tell("two"), .log("careful"), .tell("::progress 40.25 co pying"), .tell("::status busy"),
            .tell("::set rows=12"),
            .tell(#"::set note="a\nb""#), .log("too few rows"),
        ]
        for size in [1, 7, 10_000] {
            var conversation = PluginConversation()
            var actions: [PluginConversation.Action] = []
            var rest = Array(text.utf8)[...]
            while !rest.isEmpty {
                actions += conversation.receive(rest.prefix(size))
                rest = rest.dropFirst(size)
            }
            #expect(actions == expected)
            #expect(conversation.result == 3)
        }
    }

    @Test(
        "a plugin that does not greet as it should is ended",
        arguments: [
            "hello", #"{"type": "log", "text": "x"}"#, #"{"type": "hello"}"#,
            #"{"type": "hello", "protocol": 2}"#,
            #"{"type": "result", "exitCode": 0}"#,
        ]
    )
    func greeting(line: String) {
        let (actions, result) = said(line, #"{"type": "result", "exitCode": 0}"#)
        #expect(actions.count == 1)
        guard case .fail(let reason)? = actions.first else {
            Issue.record("not ended")
            return
        }
        #expect(reason.hasPrefix("the plugin does not speak the protocol of docs/plugins.md: "))
        #expect(result == nil)
    }

    @Test("messages that are wrong or unknown are told and change nothing")
    func mistakes() {
        let (actions, result) = said(
            hello,
            "no json",
            #"{"type": "progress", "percent": 101}"#,
            #"{"type": "output", "name": "a b", "value": 1}"#,
            #"{"type": "result", "exitCode": 256}"#,
            #"{"type": "later"}"#,
            #"{"type": "later"}"#,
            #"{"type": "result", "exitCode": 0}"#,
            #"{"type": "log", "text": "x"}"#
        )
        #expect(result == 0)
        #expect(actions.count == 6)
        for action in actions {
            if case .log = action { continue }
            Issue.record("\(action)")
        }
    }

    @Test("a line without end is no message, and is not kept")
    func endless() {
        var conversation = PluginConversation()
        _ = conversation.receive((hello + "\n").utf8)
        let piece = [UInt8](repeating: UInt8(ascii: "x"), count: PluginConversation.lineBytesMax)
        #expect(conversation.receive(piece).isEmpty)
        guard case .fail? = conversation.receive(piece).first else {
            Issue.record("not ended")
            return
        }
    }

    @Test("a plugin is told what to do, with what templates filled in as texts")
    func start() throws {
        let call = PluginCall(name: "p", configuration: ["bucket": .text("a\"b")])
        let line = PluginConversation.start(call, environment: ["CLOUDTASK_RUN": "r", "HOME": "/"])
        #expect(line == #"{"config":{"bucket":"a\"b"},"protocols":[1],"run":"r","type":"start"}"#)
    }
}

/// Plugins, started by the real `cloudtask perform`.
@Suite("Plugins", .timeLimit(.minutes(2)))
struct PluginTests {
    /// Makes a plugin of a shell script that has read the first message, and an order that names it.
    ///
    /// Another process writes the file: here it could still be open in the child of another test, and no open file can be executed.
    private func order(_ world: inout World, _ text: String) async throws -> LaunchOrder {
        let script = """
            mkdir -p plugins
            cat > plugins/demo <<'END'
            #!/bin/sh
            read -r start
            \(text)
            END
            chmod 755 plugins/demo
            """
        #expect(try await world.run(world.script(1, script)).outcome == .succeeded)
        let call = PluginCall(name: "demo", configuration: ["day": .text("${{ due.date }}")])
        return try world.order(2, .plugin(call))
    }

    private let hello = #"echo '{"type": "hello", "protocol": 1}'"#

    @Test("it is told what to do, and what it says is the attempt's")
    func work() async throws {
        try await withRunner { world in
            let text = """
                \(hello)
                echo "$start" >&2
                echo '{"type": "log", "text": "working"}'
                echo '{"type": "output", "name": "rows", "value": 12}'
                echo '{"type": "result", "exitCode": 4}'
                """
            let order = try await order(&world, text)
            let result = try await world.run(order)
            #expect(result.outcome == .failed)
            #expect(result.exitCode == 4)
            #expect(try world.log(order) == "working\n::set rows=12\n")
            let start = try world.log(order, .err)
            #expect(start.contains(#""config":{"day":"2026-01-01"}"#), "\(start)")
            #expect(start.contains(#""task":"nightly""#))
        }
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var name: String
        var text: String
        var exitCode: Int32?
        var signal: Int32?
        var says: String?
        var testDescription: String { name }
    }

    static let rows = [
        Row(name: "no greeting", text: "exit 0", exitCode: 70, says: "has ended without a result"),
        Row(name: "an exit code instead of a result", text: "exit 9", exitCode: 9),
        Row(name: "a signal", text: "kill -9 $$", signal: SIGKILL),
        Row(
            name: "another protocol",
            text: #"echo '{"type": "hello", "protocol": 9}'; exec sleep 3000"#,
            exitCode: 70,
            says: "it speaks protocol 9, and this agent speaks 1"
        ),
    ]

    @Test("a plugin that breaks off, or speaks otherwise, fails", arguments: rows)
    func failure(row: Row) async throws {
        try await withRunner { world in
            let order = try await order(&world, row.text)
            let result = try await world.run(order)
            #expect(result.outcome == .failed)
            #expect(result.exitCode == row.exitCode)
            #expect(result.signal == row.signal)
            if let says = row.says { #expect(try world.log(order, .err).contains(says)) }
        }
    }

    @Test("a stop is said before SIGTERM is sent")
    func stop() async throws {
        try await withRunner { world in
            let ready = try world.pipe("ready")
            let text = """
                trap 'echo TERM >&2; exit 1' TERM
                \(hello)
                echo up > \(ready)
                read -r stop
                echo "$stop" >&2
                echo '{"type": "result", "exitCode": 5}'
                """
            var order = try await order(&world, text)
            order.specification.killGrace = .seconds(60)
            await world.runner.start([order])
            #expect(try line(from: ready) == "up")
            await world.runner.stop(order.fire.attempt, grace: .seconds(60))
            let result = try await world.result(of: order.fire.attempt)
            #expect(result.outcome == .stopped)
            #expect(result.exitCode == 5)
            let said = try world.log(order, .err)
            #expect(said.contains(#"{"type":"stop","withinMilliseconds":30000}"#), "\(said)")
            #expect(!said.contains("TERM"))
        }
    }

    @Test("a plugin that does not obey gets SIGTERM after half of the grace")
    func disobedient() async throws {
        try await withRunner { world in
            let (ready, hold) = (try world.pipe("ready"), try world.pipe("hold"))
            let text = """
                trap 'echo TERM >&2; exit 6' TERM
                \(hello)
                echo up > \(ready)
                \(idle(hold))
                """
            var order = try await order(&world, text)
            order.specification.killGrace = .milliseconds(400)
            await world.runner.start([order])
            #expect(try line(from: ready) == "up")
            await world.runner.stop(order.fire.attempt, grace: .seconds(60))
            let result = try await world.result(of: order.fire.attempt)
            #expect(result.outcome == .stopped)
            #expect(result.exitCode == 6)
            #expect(try world.log(order, .err).contains("TERM"))
        }
    }

    @Test("a plugin that is not there fails as a program that is not")
    func missing() async throws {
        try await withRunner { world in
            let order = try world.order(1, .plugin(PluginCall(name: "none")))
            let result = try await world.run(order)
            #expect(result.outcome == .failed)
            #expect(result.exitCode == 127)
            #expect(
                try world.log(order, .err).contains(
                    "the plugin \(world.directory)/plugins/none was not found"
                )
            )
        }
    }
}
