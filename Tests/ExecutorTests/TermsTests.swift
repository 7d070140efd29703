import Agent
import Domain
import Foundation
import Glibc
import Testing

@testable import Executor

@Suite("As whom, where and within which limits a process runs", .timeLimit(.minutes(2)))
struct TermsTests {
    private static let nobody = ["nobody", "65534"]

    @Test("umask, directory, priority and limits of each process are the task's")
    func settings() async throws {
        try await withRunner { world in
            let place = world.directory + "/place"
            try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: false)
            let limits = ProcessLimits(
                cpuTime: .milliseconds(6_500),
                openFiles: 77,
                fileSize: ByteSize(1 << 20),
                core: ByteSize(0)
            )
            let settings = ProcessSettings(
                workingDirectory: place,
                umask: 0o027,
                nice: 7,
                io: .idle,
                limits: limits
            )
            let text =
                "pwd; umask; nice; ionice -p $$; ulimit -n; ulimit -t; ulimit -f; ulimit -c; ls /proc/self/fd"
            let order = try world.script(1, text, process: settings)
            #expect(try await world.run(order).outcome == .succeeded)
            #expect(
                try world.log(order)
                    == "\(place)\n0027\n7\nidle\n77\n7\n2048\n0\n0\n1\n2\n3\n",
                "\(world.complaints(order))"
            )
        }
    }

    @Test("a task without settings runs as before: nothing of the agent's is changed")
    func unchanged() async throws {
        try await withRunner { world in
            let changed = try world.script(1, "umask; nice", process: ProcessSettings(umask: 0o777, nice: 3))
            #expect(try await world.run(changed).outcome == .succeeded)
            let plain = try world.script(2, "umask; nice")
            #expect(try await world.run(plain).outcome == .succeeded)
            #expect(try world.log(changed) == "0777\n3\n")
            #expect(try world.log(plain) != "0777\n3\n")
        }
    }

    @Test(
        "a working directory that is missing, or no directory, refuses the start and names it",
        arguments: ["/no/such/directory", "/etc/passwd"]
    )
    func noDirectory(path: String) async throws {
        try await withRunner { world in
            let settings = ProcessSettings(workingDirectory: path)
            let result = try await world.run(try world.script(1, "true", process: settings))
            #expect(result.outcome == .notStarted)
            #expect(result.exitCode == 126)
            #expect(result.message?.hasPrefix("the working directory \(path) cannot be entered") == true)
        }
    }

    @Test("a working directory that is a link is judged by where it leads")
    func link() async throws {
        try await withTemporaryDirectory { outside in
            try await withTemporaryDirectory { inside in
                let policy = AgentPolicy(file: "/etc/policy.yaml", directories: [inside])
                try await withRunner(configure: { $0.policy = policy }) { world in
                    try FileManager.default.createSymbolicLink(
                        atPath: inside + "/link",
                        withDestinationPath: outside
                    )
                    let settings = ProcessSettings(workingDirectory: inside + "/link")
                    let result = try await world.run(try world.script(1, "true", process: settings))
                    #expect(result.outcome == .notStarted)
                    #expect(
                        result.message
                            == "tasks may not run in \(outside) on this machine: directories in /etc/policy.yaml has \(inside)"
                    )
                    let allowed = try world.script(
                        2,
                        "pwd",
                        process: ProcessSettings(workingDirectory: inside)
                    )
                    #expect(try await world.run(allowed).outcome == .succeeded)
                    #expect(try world.log(allowed) == inside + "\n")
                }
            }
        }
    }

    @Test("a listed user is what the process becomes, with its groups and home, and no right of root", .root)
    func user() async throws {
        let policy = AgentPolicy(file: "p", users: ["nobody"])
        try await withRunner(configure: { $0.policy = policy }) { world in
            let text = "id -un; id -u; id -G; echo $HOME $USER; grep CapEff /proc/self/status; umask; pwd"
            let settings = ProcessSettings(workingDirectory: "/", user: "nobody", umask: 0o077)
            let order = try world.script(1, text, process: settings)
            #expect(try await world.run(order).outcome == .succeeded, "\(world.complaints(order))")
            #expect(
                try world.log(order)
                    == "nobody\n65534\n65534\n/nonexistent nobody\nCapEff:\t0000000000000000\n0077\n/\n"
            )
        }
    }

    @Test("its result is read, from a folder that is its alone", .root)
    func result() async throws {
        let policy = AgentPolicy(file: "p", users: Self.nobody)
        try await withRunner(configure: { $0.policy = policy }) { world in
            try #require(unsafe chmod(world.directory, 0o711) == 0)
            let text =
                "echo '{\"rows\": 12}' > $CLOUDTASK_RESULT; stat -c '%a %U' $(dirname $CLOUDTASK_RESULT)"
            let settings = ProcessSettings(user: "65534")
            let order = try world.script(1, text, process: settings)
            #expect(try await world.run(order).outcome == .succeeded, "\(world.complaints(order))")
            #expect(try world.log(order) == "700 nobody\n")
            let told = world.seen.compactMap { event in
                if case .told(_, let account) = event { account.outputs["rows"] } else { nil }
            }
            #expect(told == [.integer(12)])
            let left = try FileManager.default.contentsOfDirectory(atPath: world.directory + "/results")
            #expect(left.isEmpty)
        }
    }

    @Test("nobody runs as somebody whom the policy does not list, nor as root by accident", .root)
    func refused() async throws {
        let policy = AgentPolicy(file: "/etc/policy.yaml", users: ["nobody"])
        try await withRunner(configure: { $0.policy = policy }) { world in
            let cases: [(ProcessSettings, String)] = [
                (
                    ProcessSettings(user: "daemon"),
                    "user daemon on this machine: users in /etc/policy.yaml has nobody"
                ),
                (ProcessSettings(user: "0"), "user root on this machine"),
                (ProcessSettings(), "user root on this machine"),
                (ProcessSettings(user: "no-such-user"), "there is no user no-such-user on this machine"),
                (
                    ProcessSettings(user: "nobody", group: "root"),
                    "user nobody is not a member of group root on this machine"
                ),
                (ProcessSettings(user: "nobody", group: "no-such-group"), "there is no group no-such-group"),
                (
                    ProcessSettings(workingDirectory: world.directory + "/seen", user: "nobody"),
                    "cannot be entered: Permission denied"
                ),
            ]
            for (number, (settings, words)) in cases.enumerated() {
                let ran = world.directory + "/ran"
                let order = try world.script(number, "touch \(ran)", process: settings)
                let result = try await world.run(order)
                #expect(result.outcome == .notStarted)
                #expect(result.exitCode == 126)
                #expect(result.message?.contains(words) == true, "\(result.message ?? "")")
                #expect(!FileManager.default.fileExists(atPath: ran))
            }
        }
    }

    @Test("the default user of the policy is that of tasks that name nobody", .root)
    func defaultUser() async throws {
        let policy = AgentPolicy(file: "p", users: ["nobody"], defaultUser: "nobody")
        try await withRunner(configure: { $0.policy = policy }) { world in
            let order = try world.script(1, "id -un")
            #expect(try await world.run(order).outcome == .succeeded, "\(world.complaints(order))")
            #expect(try world.log(order) == "nobody\n")
        }
    }

    @Test("an agent that is not root refuses to run anything as another, rather than as itself")
    func notRoot() throws {
        var configuration = RunnerConfiguration(dataDirectory: "/none", node: AgentID("a")!)
        configuration.policy = AgentPolicy(file: "p", users: ["nobody", "root"])
        let maker = TermsMaker(configuration, own: 12_345)
        var task = TaskSpecification(name: TaskID("t")!, action: .command(["true"]))
        task.process.user = "nobody"
        #expect(
            throws: StartFailure.refused(
                "the agent cannot run anything as user nobody: it does not run as root itself"
            )
        ) {
            try maker.terms(for: task)
        }
    }

    @Test("tasks of a kind that is not listed are refused")
    func kind() async throws {
        let policy = AgentPolicy(file: "p", kinds: ["command"])
        try await withRunner(configure: { $0.policy = policy }) { world in
            let result = try await world.run(try world.script(1, "true"))
            #expect(result.outcome == .notStarted)
            #expect(result.message == "this machine runs no tasks of kind script: kinds in p has command")
            #expect(try await world.run(try world.command(2, "true")).outcome == .succeeded)
        }
    }
}

extension Trait where Self == ConditionTrait {
    /// Needs an agent that may become others.
    static var root: Self { .enabled("this is root") { geteuid() == 0 } }
}
