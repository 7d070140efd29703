import AgentStore
import ArgumentParser
import Control
import Domain

/// `cloudtask verify`.
struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check that what was promised was kept.",
        discussion: """
            The cluster's own state is checked by 'cloudtask cluster verify'.

            Example:
              cloudtask verify runs --from -10m
            """,
        subcommands: [VerifyRunsCommand.self]
    )
}

/// `cloudtask verify runs`: composes the check with the agents' store.
struct VerifyRunsCommand: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "runs",
        abstract: "Hold every due instant against what ran.",
        usage: "cloudtask verify runs [<options>]",
        discussion: """
            Found are instants that were missed, late, doubled, overlapping where that is
            forbidden, incomplete or of unknown outcome, each by its task's policy. Exit
            code 0: every promise was kept; 1: one was broken.

            Tasks and runs come from the server, or from files. Tasks that mark their
            starts make the check independent of what the cluster believes; a shell
            script does so with
              mark() { echo "$CLOUDTASK_TASK $CLOUDTASK_RUN $CLOUDTASK_DUE \\
                $CLOUDTASK_ATTEMPT $CLOUDTASK_NODE $(date +%s%3N)${1-}" >>/tmp/starts; }
              mark; work; mark " end"

            A line of the fault log tells what was done to whom; of a link, as
            agent-1<->zookeeper-1:
              {"kind":"killed","target":"agent-1","start":"2026-03-01T00:00:10Z",
               "end":"2026-03-01T00:00:14Z"}
            \(FaultKinds.text)

            Examples:
              cloudtask verify runs --from -10m --html report.html
              cloudtask verify runs --starts starts --faults faults.ndjson \\
                --agent-data /var/lib/cloudtask/agent-1 --json report.json
              cloudtask verify runs --definitions tasks.json --runs runs.json
            """
    )

    @OptionGroup var options: VerifyRunsOptions

    func execute() async throws {
        try await RunVerification(options, records: StoredRecords()).execute()
    }
}

/// The agents' records as `AgentStore` keeps them.
private struct StoredRecords: AgentRecords {
    func reports(in directory: String) async throws -> [RunReport] {
        try await RecordedReports.all(in: directory)
    }
}
