import Domain
import Foundation
import Payloads
import Testing

extension EndToEnd {
    /// Ten thousand tasks in one file.
    @Suite struct ManyTasksTests {
        static let count = 10_000

        @Test(
            "ten thousand tasks of one file are accepted, placed evenly, listed page by page, and unchanged the second time"
        )
        func apply() async throws {
            try await withCluster("--centers", "2", "--agents", "3") { cluster in
                // Some due times lie within the test; most do not: this is not about launching.
                let documents = (0..<Self.count).map { number in
                    "kind: Task\nname: many-\(number)\nschedules: [{cron: '0 0 1 1 *'}]\ncommand: [\"true\"]\n"
                }
                let file = cluster.folder.file("many.yaml")
                try Data(documents.joined(separator: "---\n").utf8).write(to: file)
                let applied = try await cluster.control("apply", "-f", file.path)
                try #require(applied.status == 0, "\(applied.errors)")
                #expect(applied.output.contains("10000 created"), "\(applied.output.suffix(200))")
                try await eventually("all are placed", within: Patience.seconds(60)) {
                    let state = try await cluster.status()
                    return state.tasks == Self.count && state.unplaced == 0
                }
                let owned = try await cluster.status().nodes.map(\.tasks)
                #expect(owned.reduce(0, +) == Self.count)
                let heaviest = Double(owned.max() ?? 0)
                #expect(heaviest <= Double(Self.count) / 3 * 1.05 + 1, "\(owned)")

                let names = try await cluster.control("task", "list", "--limit", "20000", "-o", "name")
                #expect(Set(names.lines).count == Self.count)
                #expect(try await pages(cluster) == Self.count)
                let again = try await cluster.control("apply", "-f", file.path)
                #expect(
                    again.output.contains("10000 unchanged"),
                    "\(again.output.suffix(200))\(again.errors)"
                )
                let (status, run) = try await cluster.wait(for: try await cluster.start("many-9999"))
                #expect(status == 0, "\(run)")
            }
        }

        /// Walks through the pages of the API; how many different tasks there are.
        private func pages(_ cluster: LocalCluster) async throws -> Int {
            var names: Set<TaskID> = []
            var position: String?
            repeat {
                let query = "limit=1000" + (position.map { "&page=\($0)" } ?? "")
                let url = try cluster.server() + "/api/v1/tasks?" + query
                let page = try await http("GET", url, token: try cluster.token()).json(
                    ListPayload<TaskPayload>.self
                )
                #expect(page.items.count <= 1_000)
                names.formUnion(page.items.map(\.specification.name))
                position = page.next
            } while position != nil
            return names.count
        }
    }
}
