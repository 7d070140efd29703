import Agent
import CProcess
import Domain
import Foundation
import Glibc
import Testing

@testable import Executor

@Suite("Limits, and what attempts used", .timeLimit(.minutes(2)))
struct LimitTests {
    @Test("an attempt that the kernel killed for want of memory says so, leader or not", .controlGroups)
    func outOfMemory() async throws {
        try await withRunner { world in
            let limits = ProcessLimits(memory: ByteSize(32 << 20))
            let settings = ProcessSettings(limits: limits)
            var leader = try world.command(1, "dd", "if=/dev/zero", "of=/dev/null", "bs=500M", "count=1")
            leader.specification.process = settings
            let first = try await world.run(leader)
            #expect(first.outcome == .failed)
            #expect(first.signal == SIGKILL)
            #expect(first.exitCode == nil)
            #expect(first.cause == .outOfMemory)
            #expect(first.message?.contains("process.limits.memory") == true)
            let peak = try #require(first.usage?.memoryPeak)
            #expect(peak > ByteSize(16 << 20) && peak <= ByteSize(32 << 20))

            let text = "dd if=/dev/zero of=/dev/null bs=500M count=1 || exit 9"
            let second = try await world.run(try world.script(2, text, process: settings))
            #expect(second.exitCode == 9)
            #expect(second.cause == .outOfMemory)

            let modest = try await world.run(try world.script(3, "exit 3", process: settings))
            #expect(modest.exitCode == 3)
            #expect(modest.cause == nil)
            #expect(modest.message == nil)
        }
    }

    @Test("SIGKILL that nobody of us sent is not taken for want of memory")
    func killed() async throws {
        try await withRunner { world in
            let result = try await world.run(try world.script(1, "kill -9 $$"))
            #expect(result.signal == SIGKILL)
            #expect(result.cause == nil)
            #expect(result.message?.contains("which CloudTask did not send") == true)
        }
    }

    @Test("no more processes than the limit are made", .controlGroups)
    func processes() async throws {
        try await withRunner { world in
            let settings = ProcessSettings(limits: ProcessLimits(processes: 3))
            let text = "sleep 3000 & sleep 3000 & (sleep 0) & wait $!"
            let result = try await world.run(try world.script(1, text, process: settings))
            #expect(result.outcome == .failed)
            #expect(try await world.run(try world.script(2, text)).outcome == .succeeded)
        }
    }

    @Test("cores are limited, and the groups are gone afterwards", .controlGroups)
    func cores() async throws {
        try await withRunner { world in
            let settings = ProcessSettings(
                limits: ProcessLimits(memory: ByteSize(64 << 20), cpuThousandths: 250, processes: 10)
            )
            let text = """
                cpu=$(sed -n 's/^[0-9]*:cpu[^:]*://p' /proc/self/cgroup)
                echo ${cpu##*/}
                test -n "$cpu" || grep -o 'cloudtask-.*' /proc/self/cgroup
                """
            let order = try world.script(1, text, process: settings)
            #expect(try await world.run(order).outcome == .succeeded)
            let name = try world.log(order).split(separator: "\n").last.map(String.init) ?? ""
            #expect(name.hasPrefix("cloudtask-\(getpid())-"))
            let mounts = try String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8)
            let own = try String(contentsOfFile: "/proc/self/cgroup", encoding: .utf8)
            let layout = ControlGroupLayout(mounts: mounts, own: own)
            for parent in Array(layout.separate.values) + [layout.unified].compactMap(\.self) {
                #expect(!FileManager.default.fileExists(atPath: "\(parent)/\(name)"))
            }
        }
    }

    @Test("without control groups memory is limited for each process, and cores cannot be limited")
    func withoutGroups() async throws {
        try await withRunner(configure: { $0.usesControlGroups = false }) { world in
            let memory = ProcessSettings(limits: ProcessLimits(memory: ByteSize(256 << 20)))
            let order = try world.script(1, "ulimit -v", process: memory)
            #expect(try await world.run(order).outcome == .succeeded)
            #expect(try world.log(order) == "262144\n")
            let cores = ProcessSettings(limits: ProcessLimits(cpuThousandths: 500))
            let result = try await world.run(try world.script(2, "true", process: cores))
            #expect(result.outcome == .notStarted)
            #expect(result.message?.contains("process.limits.cpu needs control groups") == true)
        }
    }

    @Test("a limit of processor time or file size that ends an attempt is named")
    func limits() async throws {
        try await withRunner { world in
            let time = ProcessSettings(limits: ProcessLimits(cpuTime: .seconds(1)))
            let busy = try await world.run(try world.script(1, "while :; do :; done", process: time))
            #expect(busy.outcome == .failed)
            // Soft and hard limit are one: which of the two signals comes is the kernel's choice.
            #expect(busy.signal == SIGXCPU || busy.signal == SIGKILL)
            let used = try #require(busy.usage)
            // The kernel ends it by counting ticks; what it reports as used is exact, and less on a busy machine.
            #expect((500...2_000).contains(used.userMilliseconds + used.systemMilliseconds))
            let size = ProcessSettings(limits: ProcessLimits(fileSize: ByteSize(1 << 20)))
            let text = "exec head -c 3000000 /dev/zero > \(world.directory)/big"
            let big = try await world.run(try world.script(2, text, process: size))
            #expect(big.signal == SIGXFSZ)
            #expect(big.message == "it wrote a larger file than process.limits.fileSize allows")
        }
    }

    @Test("what an attempt used is counted, its children's share too; nothing of what was never started")
    func usage() async throws {
        try await withRunner { world in
            let text = "head -c 50000000 /dev/zero | md5sum > \(world.directory)/sum"
            let usage = try #require(try await world.run(try world.script(1, text)).usage)
            #expect(usage.userMilliseconds + usage.systemMilliseconds > 0)
            #expect(usage.memoryPeak > ByteSize(100_000))
            #expect(try await world.run(try world.command(2, "no-such-program")).usage == nil)
        }
    }

    @Test("a string that no program can be given is refused before there is a process")
    func longString() async throws {
        try await withRunner { world in
            let result = try await world.run(
                try world.command(1, "true", String(repeating: "x", count: 140_000))
            )
            #expect(result.outcome == .notStarted)
            #expect(result.exitCode == 126)
            #expect(result.message?.hasPrefix("an argument of true has 140001 bytes") == true)
            let environment = ["BIG": String(repeating: "x", count: 140_000)]
            let other = try await world.run(try world.script(2, "true", environment: environment))
            #expect(other.message?.hasPrefix("a variable of /bin/sh's environment has") == true)
        }
    }

    @Test(
        "what a machine lacks for a moment is tried again, a few times, with growing pauses",
        arguments: [EAGAIN, ENOMEM, EMFILE, ENFILE]
    )
    func busy(reason: Int32) async throws {
        let program = Program(
            name: "x",
            candidates: ["x"],
            arguments: StringBlock(),
            environment: StringBlock(),
            directory: "/"
        )
        for stage in [1, 5] {
            let failure = program.failure(of: .init(pid: -1, pidfd: -1, stage: Int32(stage), reason: reason))
            guard case .busy = failure else {
                Issue.record("\(failure)")
                continue
            }
        }
        try await withRunner { world in
            let order = try world.script(1, "true")
            let pauses = (1...6).map { PostponedStart.next(order, tries: $0, now: 1_000_000)?.at }
            #expect(pauses == [21, 41, 81, 161, 321].map { $0 * 1_000_000 } + [nil])
        }
    }

    @Test("the control groups of a process are found in what the kernel tells, in every version")
    func layout() {
        let separate = ControlGroupLayout(
            mounts: """
                30 25 0:26 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:9 - cgroup cgroup rw,cpu,cpuacct
                31 25 0:27 /docker/a /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
                32 25 0:28 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw,nsdelegate
                33 25 0:29 / /proc rw - proc proc rw
                """,
            own: "4:memory:/docker/a/b\n3:cpu,cpuacct:/x\n1:name=systemd:/y\n0::/z\n"
        )
        #expect(
            separate.separate == [
                "cpu": "/sys/fs/cgroup/cpu,cpuacct/x", "cpuacct": "/sys/fs/cgroup/cpu,cpuacct/x",
                "memory": "/sys/fs/cgroup/memory/b",
            ]
        )
        #expect(separate.unified == "/sys/fs/cgroup/unified/z")
        let unified = ControlGroupLayout(
            mounts: "30 25 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw",
            own: "0::/\n"
        )
        #expect(unified.unified == "/sys/fs/cgroup")
        #expect(unified.separate.isEmpty)
    }

    @Test("limits become the files of each version")
    func files() {
        let limits = ProcessLimits(memory: ByteSize(1 << 20), cpuThousandths: 1_500, processes: 7)
        let lines = { (isUnified: Bool) in
            ControlGroups.settings(for: limits, isUnified: isUnified).map {
                "\($0.controller)/\($0.file)=\($0.value)"
            }
        }
        #expect(
            lines(true) == [
                "memory/memory.max=1048576", "memory/memory.swap.max=0", "cpu/cpu.max=150000 100000",
                "pids/pids.max=7",
            ]
        )
        #expect(
            lines(false) == [
                "memory/memory.limit_in_bytes=1048576", "memory/memory.memsw.limit_in_bytes=1048576",
                "cpu/cpu.cfs_period_us=100000", "cpu/cpu.cfs_quota_us=150000", "pids/pids.max=7",
            ]
        )
    }
}
