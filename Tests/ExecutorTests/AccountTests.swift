import Agent
import Cluster
import Domain
import Foundation
import Scheduling
import Testing

@testable import Executor

/// What attempts tell of themselves.
@Suite("What attempts tell", .timeLimit(.minutes(2)))
struct AccountTests {
    /// What an order's attempt told, once it has ended.
    private func account(_ world: inout World, _ order: LaunchOrder) async throws -> AttemptAccount {
        _ = try await world.run(order)
        for case .told(order.fire.attempt, let account) in world.seen { return account }
        return AttemptAccount()
    }

    @Test("lines and a result file are told together, the file before the lines, just before the end")
    func outputs() async throws {
        try await withRunner { world in
            let script = """
                echo ::set rows=12
                echo ::set kind=line
                echo ::progress 60 nearly
                printf '{"kind": "file", "list": [1, 2.5, null, true], "text": "a\\\\nb"}' > "$CLOUDTASK_RESULT"
                printf '::set last=yes'
                """
            let order = try world.script(1, script)
            let account = try await account(&world, order)
            #expect(
                account.outputs == [
                    "rows": .text("12"), "kind": .text("file"), "last": .text("yes"), "text": .text("a\nb"),
                    "list": .list([.integer(1), .number(2.5), .null, .boolean(true)]),
                ]
            )
            #expect(account.progress?.percent == 60)
            #expect(account.progress?.text == "nearly")
            #expect(account.warnings == [])
            guard case .told? = world.seen.dropLast().last, case .ended? = world.seen.last else {
                Issue.record("told comes just before ended, not \(world.seen)")
                return
            }
            #expect(try world.log(order).hasPrefix("::set rows=12\n"))
            let left = try FileManager.default.contentsOfDirectory(atPath: world.directory + "/results")
            #expect(left == [])
        }
    }

    @Test("an attempt that tells nothing tells nothing, also what it writes to standard error")
    func nothing() async throws {
        try await withRunner { world in
            _ = try await world.run(try world.script(1, "echo hello; echo ::set a=1 >&2"))
            #expect(world.seen.count == 2)
        }
    }

    struct BadResult: Sendable, CustomTestStringConvertible {
        var script: String
        var sentence: String
        var testDescription: String { script }
    }

    static let badResults: [BadResult] = [
        .init(script: ": > $CLOUDTASK_RESULT", sentence: "is empty"),
        .init(script: "echo rows=12 > $CLOUDTASK_RESULT", sentence: "is not JSON"),
        .init(script: "printf '{\"a\": 1' > $CLOUDTASK_RESULT", sentence: "is not JSON"),
        .init(script: "printf '{\"a\": \"\\377\"}' > $CLOUDTASK_RESULT", sentence: "is not JSON"),
        .init(
            script: "echo '[1]' > $CLOUDTASK_RESULT",
            sentence: "is JSON, but not an object such as {\"rows\": 12}"
        ),
        .init(
            script: "echo '{\"9a\": 1}' > $CLOUDTASK_RESULT",
            sentence:
                "has '9a', which is not the name of an output: use 1 to 63 letters, digits, dots, underscores and hyphens, starting with a letter"
        ),
        .init(
            script: "head -c 70000 /dev/zero > $CLOUDTASK_RESULT",
            sentence: "has 70000 bytes, more than the 65536 allowed"
        ),
        .init(
            script: "echo '{}' > other; ln -s $PWD/other $CLOUDTASK_RESULT",
            sentence: "is a symbolic link"
        ),
        .init(script: "ln -s /dev/zero $CLOUDTASK_RESULT", sentence: "is a symbolic link"),
        .init(script: "mkfifo $CLOUDTASK_RESULT", sentence: "is no regular file"),
        .init(
            script: "mkdir $CLOUDTASK_RESULT; echo x > $CLOUDTASK_RESULT/x",
            sentence: "is no regular file"
        ),
        .init(
            script: "printf '{\"a\":%s}' \"$(printf '[%.0s' $(seq 40))\" > $CLOUDTASK_RESULT",
            sentence: "is nested more than 16 deep"
        ),
    ]

    @Test(
        "a file that is no result changes nothing about the outcome, and one sentence says why",
        arguments: badResults
    )
    func badResult(_ bad: BadResult) async throws {
        try await withRunner { world in
            let order = try world.script(1, "echo ::set a=1\n" + bad.script)
            let account = try await account(&world, order)
            #expect(account.outputs == ["a": .text("1")])
            #expect(account.warnings == ["there is no result: the file of CLOUDTASK_RESULT " + bad.sentence])
            guard case .ended(let result)? = world.seen.last else { return }
            #expect(result.outcome == .succeeded)
            let left = try FileManager.default.contentsOfDirectory(atPath: world.directory + "/results")
            #expect(left == [])
        }
    }

    @Test("lines that look like something and are not are counted in a warning")
    func malformed() async throws {
        try await withRunner { world in
            let one = try await account(&world, try world.script(1, "echo ::progress much"))
            #expect(
                one.warnings == [
                    "1 line begins with ::progress, ::status or ::set and is none of them, and so ordinary output: '::progress much'"
                ]
            )
            let script = "for i in $(seq 3); do echo ::set $i=1; done"
            let three = try await account(&world, try world.script(2, script))
            #expect(
                three.warnings == [
                    "3 lines begin with ::progress, ::status or ::set and are none of them, and so ordinary output: '::set 1=1'"
                ]
            )
        }
    }

    @Test("what there is no room for beside the result is left out, and said")
    func room() async throws {
        try await withRunner { world in
            let script = """
                printf '{"big": "%s"}' "$(head -c 60000 /dev/zero | tr '\\0' x)" > $CLOUDTASK_RESULT
                echo ::set small=1
                echo "::set other=$(head -c 10000 /dev/zero | tr '\\0' y)"
                """
            let account = try await account(&world, try world.script(1, script))
            #expect(account.outputs.keys.sorted() == ["big", "small"])
            #expect(
                account.warnings == [
                    "1 value was left out, because all outputs together may have 65536 bytes: 'other'"
                ]
            )
        }
    }

    @Test("progress is told while the attempt runs")
    func progress() async throws {
        try await withRunner { world in
            let pipe = try world.pipe("wait")
            let order = try world.script(
                1,
                "echo ::progress 25 waiting; read x < \(pipe); echo ::progress 100"
            )
            await world.runner.start([order])
            while true {
                guard case .progress(let attempt, let progress) = try await world.next() else { continue }
                #expect(attempt == order.fire.attempt)
                #expect(progress.percent == 25)
                #expect(progress.text == "waiting")
                break
            }
            try Data("go\n".utf8).write(to: URL(filePath: pipe))
            _ = try await world.result(of: order.fire.attempt)
            for case .told(_, let account) in world.seen { #expect(account.progress?.percent == 100) }
        }
    }

    @Test("what is set is told while the attempt runs, and all of it just before the end")
    func soFar() async throws {
        try await withRunner { world in
            let pipe = try world.pipe("wait")
            let script = "echo ::set rows=11; read x < \(pipe); echo ::set rows=12; echo ::set more=y"
            let order = try world.script(1, script)
            await world.runner.start([order])
            while true {
                guard case .outputs(let attempt, let outputs) = try await world.next() else { continue }
                #expect(attempt == order.fire.attempt)
                #expect(outputs.values == ["rows": .text("11")] && outputs.leftOut == 0)
                break
            }
            try Data("go\n".utf8).write(to: URL(filePath: pipe))
            _ = try await world.result(of: order.fire.attempt)
            let all: [String: OutputValue] = ["rows": .text("12"), "more": .text("y")]
            for case .told(_, let account) in world.seen { #expect(account.outputs == all) }
        }
    }

    @Test("a hundred megabytes of progress become few words, and the last of a million lines arrives")
    func flood() async throws {
        try await withRunner { world in
            let script = "yes '::progress 40 busy with something' | head -n 400000; echo ::progress 99 done"
            let account = try await account(&world, try world.script(1, script))
            #expect(account.progress?.percent == 99)
            #expect(account.progress?.text == "done")
            let count = world.seen.count { if case .progress = $0 { true } else { false } }
            // Four times a second, however long it takes here.
            #expect(count <= 4 * 110)
        }
    }

    @Test(
        "what an attempt wrote last counts also when it is killed, and what others wrote after its end does not"
    )
    func killed() async throws {
        try await withRunner { world in
            let account = try await account(&world, try world.script(1, "echo ::set a=1; kill -9 $$"))
            #expect(account.outputs == ["a": .text("1")])
        }
    }

    @Test("a predecessor's results are removed")
    func leftovers() async throws {
        try await withTemporaryDirectory { directory in
            let results = directory + "/results"
            try FileManager.default.createDirectory(
                atPath: results + "/x.json/y",
                withIntermediateDirectories: true
            )
            try await withRunner(in: directory) { world in
                _ = try await world.run(try world.script(1, "true"))
                #expect(try FileManager.default.contentsOfDirectory(atPath: results) == [])
            }
        }
    }

    @Test("the trace of an attempt is that of its run, with a span of its own; the task's own goes first")
    func trace() async throws {
        try await withRunner { world in
            let first = try world.script(1, "echo $TRACEPARENT")
            _ = try await world.run(first)
            let text = try world.log(first).trimmingCharacters(in: .newlines)
            #expect(text == TraceContext.text(of: first.fire.attempt))
            #expect(text.wholeMatch(of: /00-[0-9a-f]{32}-[0-9a-f]{16}-01/) != nil)
            var third = first.fire.attempt
            third.number += 1
            let other = TraceContext.text(of: third)
            #expect(other.dropFirst(3).prefix(32) == text.dropFirst(3).prefix(32))
            #expect(other != text)
            let own = try world.script(2, "echo $TRACEPARENT", environment: ["TRACEPARENT": "mine"])
            _ = try await world.run(own)
            #expect(try world.log(own) == "mine\n")
        }
    }
}

/// What runs are given that come after others.
@Suite("What runs are given", .timeLimit(.minutes(2)))
struct InputTests {
    private func order(_ world: World, _ action: TaskSpecification.Action, _ inputs: TaskOutputs) throws
        -> LaunchOrder
    {
        var order = try world.order(1, action)
        order.specification.after = Dependencies(["extract", "check.all"].map { .init(TaskID($0)!) })
        order.fire.terms = RunTerms(inputs: inputs)
        order.fire.origin = RunOrigin(parents: [order.fire.attempt.run])
        return order
    }

    private let inputs = TaskOutputs([
        TaskID("extract")!: ["rows": .integer(12), "nul": .text("a\0b")],
        TaskID("check.all")!: ["file-name": .text("two words")],
    ])

    @Test("outputs are variables, and fill in the words of a command")
    func given() async throws {
        try await withRunner { world in
            let script = "env | grep -E '_OUTPUT_|_PARENTS' | sort"
            let order = try order(world, .script(script), inputs)
            _ = try await world.run(order)
            #expect(
                try world.log(order) == """
                    CLOUDTASK_OUTPUT_CHECK_ALL_FILE_NAME=two words
                    CLOUDTASK_OUTPUT_EXTRACT_ROWS=12
                    CLOUDTASK_PARENTS=\(order.fire.attempt.run)

                    """
            )
        }
        try await withRunner { world in
            let words = ["printf", "<%s>", "${{ after.check.all.file-name }}", "${{after.extract.rows}}"]
            let order = try order(world, .command(words), inputs)
            #expect(try await world.run(order).outcome == .succeeded)
            #expect(try world.log(order) == "<two words><12>")
        }
    }

    @Test("without an output that a template needs nothing is started, and the run says which")
    func missing() async throws {
        try await withRunner { world in
            let order = try order(world, .command(["echo", "${{ after.extract.lines }}"]), inputs)
            let result = try await world.run(order)
            #expect(result.outcome == .notStarted)
            #expect(result.exitCode == 126)
            #expect(
                result.message?.hasPrefix("'${{ after.extract.lines }}' has no value: no run of extract")
                    == true
            )
            #expect(result.startedAt == nil)
        }
    }
}
