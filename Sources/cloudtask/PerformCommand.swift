import ArgumentParser
import Control
import Domain
import Executor
import Foundation
import Performers

/// `cloudtask perform`: carries out one attempt that is more than a program; started by the agent, for nobody else.
struct PerformCommand: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "perform",
        abstract: "Carry out one attempt; started by the agent.",
        discussion: """
            Example:
              cloudtask perform /var/lib/cloudtask/agent-1/scripts/0123-1.plan
            """,
        shouldDisplay: false
    )

    @Argument(help: "The file of the plan.") var plan: String

    func execute() async throws {
        let end: PerformerEnd
        do {
            end = try await perform(try PerformerPlan(contentsOf: plan))
        } catch {
            say("the plan \(plan) cannot be carried out: \(error)")
            end = .exit(Self.notPerformed)
        }
        end.leave()
    }

    private func perform(_ plan: PerformerPlan) async throws -> PerformerEnd {
        let environment = ProcessInfo.processInfo.environment
        switch plan.action {
        case .phases(let phases):
            var performer = try PhasePerformer(phases, of: plan, at: self.plan, environment: environment)
            return performer.perform()
        case .http(let call):
            return .exit(await HTTPPerformer(call, environment: environment).perform())
        case .plugin(let call):
            var performer = try PluginPerformer(call, of: plan, environment: environment)
            return performer.perform()
        case .command, .script:
            say("the plan \(self.plan) is of a single program, which needs no performer")
            return .exit(Self.notPerformed)
        }
    }

    /// Tells the reader of the attempt's log.
    private func say(_ line: String) {
        try? FileHandle.standardError.write(contentsOf: Data((line + "\n").utf8))
    }

    /// The exit code of a performer that could not begin.
    private static let notPerformed: Int32 = 125
}
