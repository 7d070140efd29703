import Documents
import Domain
import Testing

@Suite struct ProcessDocumentTests {
    private let head = "kind: Task\nname: t\ncommand: [date]\n"

    private func read(_ text: String) throws -> TaskSpecification {
        guard case .task(let task)? = try DocumentParser().parse(text, file: "a.yaml").first else {
            throw DocumentError(problems: [])
        }
        return task.specification
    }

    @Test("everything about the process is read, and written back the same, byte for byte")
    func roundTrip() throws {
        let text = """
            kind: Task
            name: t
            runtime: default
            group: default
            command: [date]
            environment: {}
            process:
              group: reports
              workingDirectory: /srv/reports
              user: deploy
              groups: [adm, "4"]
              umask: "027"
              nice: 10
              io: idle
              limits:
                memory: "512MiB"
                cpu: 0.5
                cpuTime: 10m
                processes: 100
                openFiles: 1024
                fileSize: "1GiB"
                core: "0"
            schedules: []
            killGrace: 10s
            delivery: at-most-once
            enabled: true

            """
        let task = try read(text)
        let process = task.process
        #expect(process.workingDirectory == "/srv/reports")
        #expect(process.user == "deploy")
        #expect(process.groups == ["adm", "4"])
        #expect(process.umask == 0o27)
        #expect(process.io == .idle)
        #expect(process.limits.memory == ByteSize(512 << 20))
        #expect(process.limits.cpuThousandths == 500)
        #expect(process.limits.core == ByteSize(0))
        #expect(try DocumentWriter.yaml(task) == text)
        let json = try DocumentWriter.json(task)
        #expect(try read(json) == task)
        #expect(try DocumentWriter.json(try read(json)) == json)
    }

    @Test("plain octal, numbers of bytes and whole cores are taken as they are written")
    func plain() throws {
        let task = try read(head + "process: {umask: 027, limits: {memory: 1048576, cpu: 2, core: 0}}\n")
        #expect(task.process.umask == 0o27)
        #expect(task.process.limits.memory == ByteSize(1 << 20))
        #expect(task.process.limits.cpuThousandths == 2_000)
        #expect(try read(try DocumentWriter.yaml(task)) == task)
    }

    @Test("a task that says nothing of its process has nothing of it written")
    func nothing() throws {
        let written = try DocumentWriter.yaml(try read(head))
        #expect(!written.contains("process"))
        #expect(try read(head + "process: {}\n").process == ProcessSettings())
    }

    @Test(
        "what is wrong is refused with its place",
        arguments: [
            ("process: deploy\n", "4:10", "process must be a mapping"),
            ("process: {usr: deploy}\n", "4:11", "unknown key 'usr' in a process"),
            ("process: {workingDirectory: srv}\n", "4:29", "must be an absolute path such as /srv/reports"),
            ("process: {umask: rwx}\n", "4:18", "write an octal number such as \"027\""),
            ("process: {nice: 20}\n", "4:17", "a whole number from -20 to 19"),
            ("process: {io: best}\n", "4:15", "process.io cannot be 'best'"),
            ("process: {limits: {memory: 5 apples}}\n", "4:28", "a unit such as 64KiB, 512MiB or 2GiB"),
            ("process: {limits: {memory: 1KiB}}\n", "4:28", "at least 1MiB"),
            ("process: {limits: {cpu: lots}}\n", "4:25", "a number of cores such as 0.5 or 2"),
            ("process: {limits: {cpu: -1}}\n", "4:25", "a number of cores such as 0.5 or 2"),
            ("process: {limits: {cpuTime: 5}}\n", "4:29", "has no unit"),
            ("process: {limits: {ram: 1GiB}}\n", "4:20", "unknown key 'ram' in the limits"),
        ]
    )
    func refused(_ line: String, _ place: String, _ words: String) {
        #expect {
            try DocumentParser().parse(head + line, file: "a.yaml")
        } throws: {
            let text = ($0 as? DocumentError)?.description ?? ""
            return text.contains("a.yaml:\(place)") && text.contains(words)
        }
    }

    @Test("a policy says what a machine lets tasks do")
    func policy() throws {
        let text = """
            kinds: [command]
            users: [deploy, 33]
            defaultUser: deploy
            directories: [/srv]
            """
        #expect(
            try PolicyReader.read(text, file: "p.yaml")
                == AgentPolicy(
                    file: "p.yaml",
                    kinds: ["command"],
                    users: ["deploy", "33"],
                    defaultUser: "deploy",
                    directories: ["/srv"]
                )
        )
        #expect(
            try PolicyReader.read("users: []\n", file: "p.yaml") == AgentPolicy(file: "p.yaml", users: [])
        )
    }

    @Test(
        "a policy with anything wrong in it is refused as a whole",
        arguments: [
            ("user: [deploy]\n", "1:1", "unknown key 'user' in a policy"),
            ("kinds: [comand]\n", "1:8", "there is no kind 'comand' of tasks"),
            ("users: deploy\n", "1:8", "a list of users"),
            ("defaultUser: deploy\n", "1:14", "is not listed under users"),
            ("directories: [srv]\n", "1:14", "'srv' is not an absolute path"),
            ("users: [a]\n---\nusers: [b]\n", "3:1", "a policy is one document"),
        ]
    )
    func policyRefused(_ text: String, _ place: String, _ words: String) {
        #expect {
            try PolicyReader.read(text, file: "p.yaml")
        } throws: {
            let text = ($0 as? DocumentError)?.description ?? ""
            return text.contains("p.yaml:\(place)") && text.contains(words)
        }
    }
}
