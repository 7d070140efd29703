import Agent
import Cluster
import Domain
import Executor
import Foundation
import Logging
import Scheduling
import Testing

@Suite("Log files", .timeLimit(.minutes(2)))
struct LogTests {
    @Test("the bytes are those the process wrote, each stream in its own file")
    func exact() async throws {
        try await withRunner { world in
            let order = try world.script(
                1,
                #"printf 'a\000b\377'; printf 'oops' >&2; head -c 300000 /dev/zero"#
            )
            #expect(try await world.run(order).outcome == .succeeded)
            let path = world.runner.logFiles.path(of: order.fire.attempt, due: order.fire.due, .out)
            let expected: [UInt8] = [0x61, 0, 0x62, 0xff] + Array(repeating: 0, count: 300_000)
            #expect(try Array(Data(contentsOf: URL(filePath: path))) == expected)
            #expect(try world.log(order, .err) == "oops")
            #expect(path == world.directory + "/logs/2026-01-01/00/00000000000000a1-0-1767225600001-2.out")
        }
    }

    @Test("a range is read by offset, with the size; past the end there is nothing")
    func range() async throws {
        try await withRunner { world in
            let order = try world.script(1, "printf 0123456789")
            _ = try await world.run(order)
            let reader = LogReader(files: world.runner.logFiles)
            let attempt = order.fire.attempt
            #expect(
                try reader.read(attempt, .out, offset: 3, limit: 4)
                    == LogBytes(bytes: Array("3456".utf8), size: 10)
            )
            #expect(
                try reader.read(attempt, .out, offset: 8, limit: 40)
                    == LogBytes(bytes: Array("89".utf8), size: 10)
            )
            #expect(try reader.read(attempt, .out, offset: 10, limit: 4) == LogBytes(bytes: [], size: 10))
            #expect(try reader.read(attempt, .out, offset: -1, limit: 4) == LogBytes(bytes: [], size: 10))
            #expect(try reader.read(attempt, .err, offset: 0, limit: 4) == LogBytes(bytes: [], size: 0))
            let other = AttemptID(run: attempt.run, number: 9)
            #expect(try reader.read(other, .out, offset: 0, limit: 4) == nil)
        }
    }

    @Test("the log of a requested run is found without its due instant")
    func requested() async throws {
        try await withRunner { world in
            var order = try world.script(1, "printf found")
            order.fire.attempt.run = RunID(request: Nonce(high: 1, low: 2))
            _ = try await world.run(order)
            let chunk = try LogReader(files: world.runner.logFiles)
                .read(order.fire.attempt, .out, offset: 0, limit: 100)
            #expect(chunk?.bytes == Array("found".utf8))
        }
    }

    @Test("a log can be read while it grows")
    func growing() async throws {
        try await withRunner { world in
            let ready = try world.pipe("ready")
            let release = try world.pipe("release")
            let order = try world.script(
                1,
                "printf one; echo up > \(ready); read go < \(release); printf two"
            )
            await world.runner.start([order])
            _ = try line(from: ready)
            let reader = LogReader(files: world.runner.logFiles)
            let first = try #require(try reader.read(order.fire.attempt, .out, offset: 0, limit: 100))
            #expect(first == LogBytes(bytes: Array("one".utf8), size: 3))
            let handle = try #require(FileHandle(forWritingAtPath: release))
            try handle.write(contentsOf: Data("go\n".utf8))
            try handle.close()
            _ = try await world.result(of: order.fire.attempt)
            #expect(
                try reader.read(order.fire.attempt, .out, offset: first.size, limit: 100)?.bytes
                    == Array("two".utf8)
            )
        }
    }

    @Test("logs are removed when their day is older than they are kept")
    func retention() async throws {
        try await withRunner { world in
            let order = try world.script(1, "echo x")
            _ = try await world.run(order)
            let files = world.runner.logFiles
            for (age, isKept) in [(Duration.seconds(2 * 86_400), true), (.seconds(3_600), false)] {
                let time = TimeSource(
                    clock: ContinuousClock(),
                    wall: { order.fire.due + .seconds(2 * 86_400) }
                )
                LogRetention(files: files, age: age, time: time, logger: Logger(label: "test")).removeOld()
                #expect((files.find(order.fire.attempt, .out) != nil) == isKept)
            }
        }
    }

    @Test("whole days before a limit are removed, the day of the limit stays")
    func removal() async throws {
        try await withRunner { world in
            let order = try world.script(1, "echo x")
            _ = try await world.run(order)
            let files = world.runner.logFiles
            #expect(try files.removeDays(before: order.fire.due + .seconds(3_600)) == [])
            #expect(files.find(order.fire.attempt, .out) != nil)
            #expect(try files.removeDays(before: order.fire.due + .seconds(86_400)) == ["2026-01-01"])
            #expect(files.find(order.fire.attempt, .out) == nil)
            // The folder comes back when it is needed again.
            let next = try world.script(2, "echo y")
            #expect(try await world.run(next).outcome == .succeeded)
            #expect(try world.log(next) == "y\n")
        }
    }
}
