import Agent
import Domain
import Executor
import Foundation
import Testing

@Suite("The record of attempts", .timeLimit(.minutes(2)))
struct RecordTests {
    @Test("an attempt starts once: in a batch, later, and after the runner was opened again")
    func once() async throws {
        try await withTemporaryDirectory { directory in
            let text = "echo x >> \(directory)/count"
            try await withRunner(in: directory) { world in
                let order = try world.script(1, text)
                await world.runner.start([order, order])
                #expect(try await world.result(of: order.fire.attempt).outcome == .succeeded)
                await world.runner.start([order])
                _ = try await world.run(try world.script(2, "true"))
                #expect(world.refused == [order.fire.attempt, order.fire.attempt])
            }
            try await withRunner(in: directory) { world in
                let order = try world.script(1, text)
                await world.runner.start([order])
                _ = try await world.run(try world.script(3, "true"))
                #expect(world.refused == [order.fire.attempt])
            }
            #expect(try String(contentsOfFile: directory + "/count", encoding: .utf8) == "x\n")
        }
    }

    @Test("days older than the retention are dropped, a line cut short counts for nothing")
    func retention() async throws {
        try await withTemporaryDirectory { directory in
            let seen = directory + "/seen"
            try FileManager.default.createDirectory(atPath: seen, withIntermediateDirectories: true)
            let run = "00000000000000a1-0-176722560000"
            let today = String(ISO8601DateFormatter().string(from: Date()).prefix(10))
            try Data("\(run)1 2;\n".utf8).write(to: URL(filePath: seen + "/2020-01-01"))
            try Data("\(run)3 2;\n\(run)2 2".utf8).write(to: URL(filePath: seen + "/" + today))
            try await withRunner(in: directory) { world in
                #expect(try await world.run(try world.script(1, "true")).outcome == .succeeded)
                #expect(try await world.run(try world.script(2, "true")).outcome == .succeeded)
                await world.runner.start([try world.script(3, "true")])
                _ = try await world.run(try world.script(4, "true"))
                #expect(world.refused == [try world.script(3, "true").fire.attempt])
                #expect(!FileManager.default.fileExists(atPath: seen + "/2020-01-01"))
            }
        }
    }

    @Test("attempts that cannot be recorded are not started, and the next ones are when it is possible again")
    func unwritable() async throws {
        try await withRunner { world in
            let seen = world.directory + "/seen"
            try FileManager.default.moveItem(atPath: seen, toPath: seen + ".away")
            let order = try world.script(1, "touch \(world.directory)/ran")
            let result = try await world.run(order)
            #expect(result.outcome == .notStarted)
            #expect(result.message?.contains("could not be recorded") == true)
            #expect(!FileManager.default.fileExists(atPath: world.directory + "/ran"))
            try FileManager.default.moveItem(atPath: seen + ".away", toPath: seen)
            #expect(try await world.run(try world.script(2, "true")).outcome == .succeeded)
        }
    }
}

extension World {
    /// The attempts that were refused so far.
    var refused: [AttemptID] {
        seen.compactMap { if case .refused(let attempt, _) = $0 { attempt } else { nil } }
    }
}
