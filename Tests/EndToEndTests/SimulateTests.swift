import Testing

extension EndToEnd.Live {
    /// The simulator as a user runs it; one at a time, as it keeps the cores busy.
    @Suite struct SimulateTests {
        @Test("a seed gives the same history in two processes", arguments: ["7", "711276", "712851"])
        func isDeterministic(_ seed: String) async throws {
            // Dictionaries have another order in every process; the history must not. In the last two, claims were forgotten in that order.
            let first = try await cloudtask("simulate", "--replay", seed)
            let second = try await cloudtask("simulate", "--replay", seed)
            #expect(first.status == 0, "\(first.errors)")
            #expect(first.lines.count > 100)
            #expect(first.output == second.output)
            #expect(first.lines.last?.contains("every promise was kept") == true)
        }

        @Test("a few clusters are simulated and summed up")
        func campaign() async throws {
            let result = try await cloudtask("simulate", "--seeds", "3", "--first-seed", "11", "--jobs", "1")
            #expect(result.status == 0, "\(result.output)")
            #expect(result.output.contains("3 clusters"))
            #expect(result.output.contains("faults: "))
            #expect(result.lines.last == "every promise was kept")
        }

        @Test(
            "wrong numbers are refused",
            arguments: [
                ["--hours", "1"], ["--seeds", "0"], ["--jobs", "0"], ["--seeds", "x"],
                ["--first-seed", "-1"],
            ]
        )
        func refusals(_ arguments: [String]) async throws {
            let result = try await run(Binary.path, ["simulate"] + arguments)
            #expect(result.status == 64)
            #expect(!result.errors.isEmpty)
        }
    }
}
