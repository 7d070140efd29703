import Domain
import Foundation
import Payloads
import Testing

extension EndToEnd.Live {
    /// What attempts are, use and leave behind, on a real agent.
    @Suite struct ProcessControlTests {
        /// The state and the parent of every process, with what it was started as.
        private func processes() -> [(state: String, parent: Int32, words: String)] {
            let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
            return all.compactMap(Int32.init).compactMap { process in
                let read = { (file: String) in
                    try? String(contentsOfFile: "/proc/\(process)/\(file)", encoding: .utf8)
                }
                guard let after = read("stat")?.split(separator: ")").last?.split(separator: " "),
                    after.count > 2, let parent = Int32(after[1])
                else { return nil }
                let words = read("cmdline")?.replacingOccurrences(of: "\0", with: " ") ?? ""
                return (String(after[0]), parent, words)
            }
        }

        @Test("daemons end with the attempt that started them, and the agent reaps what becomes its child")
        func daemons() async throws {
            let cluster = try LocalCluster.shared()
            // The last ones end by themselves, as orphans, while the attempt still runs.
            let script = """
                setsid -f sleep 34561
                setsid -f sh -c 'setsid -f sleep 34562'
                setsid -f true
                setsid -f false
                echo left
                """
            try await cluster.task("leaves-daemons", script: script)
            let run = try await cluster.start("leaves-daemons")
            #expect(try await cluster.wait(for: run).run.state == .succeeded)
            let agents = Set(try cluster.processes("agent").values)
            try await eventually("nothing of it is left, not even dead") {
                let left = processes()
                return !left.contains { $0.words.hasPrefix("sleep 3456") }
                    && !left.contains { $0.state == "Z" && agents.contains($0.parent) }
            }
            #expect(try await cluster.control("task", "delete", "leaves-daemons").status == 0)
        }

        @Test("what a task says of its process holds, and what it used is shown")
        func terms() async throws {
            let cluster = try LocalCluster.shared()
            let process = "process: {workingDirectory: /tmp, umask: 077, nice: 5, limits: {openFiles: 99}}"
            let script = "pwd; umask; nice; ulimit -n; head -c 30000000 /dev/zero | md5sum > /dev/null"
            try await cluster.task("on-terms", script: script, more: process)
            let run = try await cluster.start("on-terms")
            let record = try await cluster.wait(for: run).run
            #expect(record.state == .succeeded)
            #expect(try await cluster.output(of: run) == "/tmp\n0077\n5\n99\n")
            let usage = try #require(record.attempts.last?.usage)
            #expect(usage.memoryPeak > ByteSize(100_000))
            #expect(usage.userMilliseconds + usage.systemMilliseconds > 0)
            let shown = try await cluster.control("run", "get", run)
            #expect(shown.output.contains(" of processor ("), "\(shown.output)")
            #expect(shown.output.contains(" of memory at most"), "\(shown.output)")
            #expect(try await cluster.control("task", "delete", "on-terms").status == 0)
        }

        @Test("a user whom no policy lists is refused with the reason, and nothing runs")
        func refused() async throws {
            let cluster = try LocalCluster.shared()
            let mark = cluster.folder.file("as-daemon")
            let process = "process: {user: daemon}"
            try await cluster.task("as-daemon", script: "touch \(mark.path)", more: process)
            let record = try await cluster.wait(for: try await cluster.start("as-daemon")).run
            #expect(record.state == .failed)
            #expect(record.attempts.last?.outcome == .notStarted)
            #expect(
                record.attempts.last?.message?.contains("may not run as user daemon on this machine") == true
            )
            #expect(!FileManager.default.fileExists(atPath: mark.path))
            #expect(try await cluster.control("task", "delete", "as-daemon").status == 0)
        }
    }
}
