import ArgumentParser
import Foundation
import Testing

@testable import Control

/// A command with the words that lead to it.
struct NamedCommand: CustomTestStringConvertible, Sendable {
    var path: String
    var type: any ParsableCommand.Type

    var testDescription: String { path }

    /// Every command of this module, parents before children.
    static let all: [NamedCommand] = ControlCommands.all.flatMap { below("cloudtask", $0) }

    private static func below(_ parent: String, _ type: any ParsableCommand.Type) -> [NamedCommand] {
        let path = parent + " " + type._commandName
        return [NamedCommand(path: path, type: type)]
            + type.configuration.subcommands.flatMap { below(path, $0) }
    }
}

@Suite struct CommandTreeTests {
    @Test("every command's help has an example and fits 80 columns", arguments: NamedCommand.all)
    func help(command: NamedCommand) {
        let discussion = command.type.configuration.discussion
        #expect(discussion.contains("Example"), "\(command.path)")
        #expect(discussion.contains("cloudtask"), "\(command.path)")
        let help = command.type.helpMessage(includeHidden: false, columns: 80)
        for line in help.split(separator: "\n") {
            #expect(TextWidth.columns(of: String(line)) <= 80, "\(command.path): \(line)")
        }
        #expect(!help.contains("\u{1B}"))
    }

    @Test("the examples name commands that exist", arguments: NamedCommand.all)
    func examples(command: NamedCommand) {
        for line in command.type.configuration.discussion.split(separator: "\n") {
            guard let start = line.range(of: "cloudtask ")?.upperBound, line.hasPrefix("  ") else { continue }
            let words = line[start...].split(separator: " ").map(String.init)
            #expect(ControlCommands.misspelling(in: words, of: TestRoot.self) == nil, "\(line)")
        }
    }

    @Test("every command of the contract exists")
    func contract() {
        let wanted = [
            "up", "apply", "diff", "delete", "task list", "task get", "task create", "task delete",
            "task pause", "task resume",
            "task run", "task next", "task history", "task skip", "task shift", "task adjust", "task explain",
            "run retry", "run explain", "run list", "run get", "run logs", "run stop",
            "run kill", "run wait",
            "runtime list", "runtime get", "runtime set", "node list", "node get", "node drain",
            "node undrain", "node forget", "cluster status", "cluster verify", "cluster plan",
            "znode ls", "znode get", "znode stat", "znode tree", "znode watch", "znode set", "znode rm",
            "schedule next",
            "schedule explain", "schedule parse", "schedule lint", "import", "export", "doctor", "completion",
            "calendar list", "calendar get", "calendar set", "calendar delete", "calendar days",
            "group list", "group pause", "group resume", "runtime pause", "runtime resume",
            "task revisions", "task diff", "task restore", "task clone",
            "calendar revisions", "calendar diff", "calendar restore", "workflow revisions", "workflow diff",
            "workflow restore", "pool revisions", "pool diff", "pool restore", "runtime revisions",
            "runtime diff", "runtime restore",
            "workflow list", "workflow get", "workflow runs", "workflow apply", "workflow run",
            "workflow pause", "workflow resume", "workflow delete", "workflow export", "workflow cancel",
            "workflow retry",
        ]
        let paths = Set(NamedCommand.all.map(\.path))
        for path in wanted { #expect(paths.contains("cloudtask " + path), "\(path)") }
    }

    @Test(
        "a misspelt command gets a suggestion",
        arguments: [
            (["tsak", "list"], "'cloudtask' has no command 'tsak': did you mean 'task'?"),
            (["task", "lst"], "'cloudtask task' has no command 'lst': did you mean 'list'?"),
            (
                ["znode", "delete-everything"],
                "'cloudtask znode' has no command 'delete-everything': use ls, get, stat, tree, watch, set or rm"
            ),
        ]
    )
    func misspelling(words: [String], message: String) {
        #expect(ControlCommands.misspelling(in: words, of: TestRoot.self) == message)
    }

    @Test(
        "names, aliases, options and help are no misspellings",
        arguments: [
            [], ["task", "ls"], ["--help"], ["help", "task"], ["task", "get", "tsak"], ["task", "--help"],
            ["apply", "-f", "x"],
        ]
    )
    func spelling(words: [String]) {
        #expect(ControlCommands.misspelling(in: words, of: TestRoot.self) == nil)
    }

    struct TestRoot: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "cloudtask",
            subcommands: ControlCommands.all
        )
    }
}

@Suite struct CommandParsingTests {
    @Test(
        "good command lines are understood",
        arguments: [
            "apply -f a.yaml -f - --dry-run", "diff -f dir", "delete -f x.json --server http://h:1",
            "task list --runtime r --disabled -o wide -w",
            "task get t -o yaml",
            "task create t --cron @daily --every 90s --time-zone Europe/Berlin -e A=b=c --timeout 10m -- date -u",
            "task run t --wait --key k", "task next t -n 3 --utc", "task history t -n 5 --tz Europe/Berlin",
            "run list --state failed --state timed-out --since -2h -n 10",
            "run logs -f --stderr r-00000000000000000000000000000000",
            "run wait r-00000000000000000000000000000000 --timeout 10s", "runtime set gpu --rejoin-grace 5s",
            "node drain agent-1 --runtime default", "node forget agent-1 --runtime default",
            "cluster status -w -o json --no-color",
            "cluster verify --patience 1s -o json", "cluster plan --without a b --with 2 --runtime r -n 5",
            "znode ls /a --zookeeper h:1 --workspace w",
            "znode rm /a -r --unsafe-write", "schedule next @daily -n 3 --from -2h", "schedule next --batch",
            "schedule explain 90s", "task list -l team=data,env!=prod --group g",
            "task pause -l team=data --yes -m why", "task delete a b --dry-run", "task run --group g -y",
            "task delete --runtime r --confirm 12", "apply -f a.yaml --confirm 3 -m why",
            "calendar set off --date 2026-12-24..2026-12-26 --weekday mon-fri --yearly 12-25",
            "calendar set off -f off.yaml", "calendar days off --from 2026-01-01 -n 3",
            "group pause g --reason why", "runtime resume r",
            "task diff t --from 3 --to 5", "task restore t --revision 3", "task clone t u --disabled",
            "calendar revisions off -o json", "workflow diff w --from 3 --to 5 --no-color",
            "workflow restore w --revision 3 -m why --confirm 4", "pool restore license --revision 1",
            "runtime diff gpu --from 1", "pool set license --units 5 -m why", "calendar set off -m why",
            "runtime set gpu --description x --message why",
            "runtime set gpu --mass-change-percent 20", "export -l team",
            "task skip -l team=data --reason why -y", "task skip a b --dry-run",
            "task shift --group g --to 2h --dry-run", "task adjust -l team --param a=b --yes",
            "task explain -l team=data", "task next a b -n 1", "task history --group g -n 5",
            "run list -l team=data --group g --from -2h --to -1h", "run list --task t --runtime r",
            "run stop -l team=data --state running --yes", "run kill --agent a --dry-run",
            "run retry -l team=data --state failed --state lost --from 2h -y --param a=b",
            "run stop 998346f8675039fe-0-1774746000000 998346f8675039fe-0-1774746060000",
            "workflow list -l team=data", "workflow pause --group g --until 2h --yes",
            "workflow resume a b",
            "doctor -o json", "completion fish",
            "up --centers 3 --agents 0 --session-timeout 2s --no-restart -o json --data /x",
        ]
    )
    func good(line: String) throws {
        _ = try CommandTreeTests.TestRoot.parseAsRoot(line.split(separator: " ").map(String.init))
    }

    @Test(
        "bad command lines are usage errors that say what to do",
        arguments: [
            ("apply", "Missing expected argument '--file <file>"),
            ("task list --enabled --disabled", "give --enabled or --disabled, not both"),
            ("task list -o xml", "xml"), ("task list --servr x", "Did you mean '--server'?"),
            ("task create t --every 90 -- date", "the duration ends without a unit"),
            ("task create Nightly -- date", "'Nightly' is not the name of a task"),
            ("task create t -e 1=2 -- date", "not a variable name"),
            ("task create t --cron 0_25_*_*_* -- date", "position"),
            ("znode rm /a", "say --unsafe-write if you mean it"),
            ("znode set /a x", "say --unsafe-write if you mean it"),
            ("schedule next", "give a schedule"),
            ("schedule next @daily --batch", "read from standard input"),
            ("schedule next @daily -n 0", "--count must be"),
            ("task pause", "give names of tasks, or select some"),
            ("task pause t -l team=data", "not both"), ("task list -l =x", "write team=data"),
            ("task run -l team=data --wait", "--wait waits for the run of one task"),
            ("task skip", "give names of tasks, or select some"),
            ("task adjust t -l team=data --param a=b", "not both"),
            ("task explain", "give names of tasks, or select some"),
            ("task next t -l =x", "write team=data"),
            ("run list --task t -l team=data", "give --task, or --labels and --group, not both"),
            ("run stop", "give runs, or select some"),
            ("run stop 998346f8675039fe-0-1774746000000 --state running", "not both"),
            ("run stop -l team=data --state failed", "--state failed: only runs that live"),
            ("run retry -l team=data", "say which runs are repeated"),
            ("run retry --state running", "--state running: only runs that are over"),
            ("run retry --state failed --wait", "--wait waits for the repetition of one run"),
            ("workflow pause", "give names of workflows, or select some"),
            ("calendar set off --date soon", "'soon' is no date"),
            ("calendar set off -f x --date 2026-01-01", "not both"),
            ("calendar set off --weekday moon", "is no day of the week"),
            ("calendar set Off --date 2026-01-01", "is not the name of a calendar"),
            ("calendar days off -n 0", "--count must be"),
            ("runtime set r --mass-change-percent 0", "--mass-change-percent is a whole number"),
            ("completion tcsh", "use bash, zsh or fish"),
            ("up --centers 0", "--centers must be 1 to 16"), ("up --session-timeout 4", "--session-timeout"),
            ("up --port 0", "--port must be"),
            ("up --workspace A", "is not a workspace"), ("up --zookeeper nonsense", "is not host:port"),
        ]
    )
    func bad(line: String, message: String) {
        let words = line.split(separator: " ").map { String($0.replacing("_", with: " ")) }
        do {
            _ = try CommandTreeTests.TestRoot.parseAsRoot(words)
            Issue.record("understood: \(line)")
        } catch {
            #expect(CommandTreeTests.TestRoot.exitCode(for: error).rawValue == CommandStatus.usage.rawValue)
            let text = CommandTreeTests.TestRoot.fullMessage(for: error)
            #expect(text.contains(message), "\(text)")
        }
    }
}
