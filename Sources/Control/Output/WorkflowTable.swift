import Domain
import Payloads
import Scheduling

/// Shows workflows.
enum WorkflowTable {
    /// Many workflows, one a line.
    static func list(_ workflows: [WorkflowPayload], _ time: TimeText) -> Table {
        var table = Table([
            .init(title: "NAME", isElastic: true), .init(title: "STEPS", isNumber: true),
            .init(title: "NEXT"),
            .init(title: "STATE", isElastic: true),
        ])
        for workflow in workflows {
            table.append([
                .init(workflow.name.text), .init(String(workflow.steps)), .init(time.relative(workflow.next)),
                state(of: workflow, time),
            ])
        }
        return table
    }

    /// What is known of one as a whole.
    static func details(of workflow: WorkflowPayload, _ time: TimeText) -> [(name: String, value: Table.Cell)]
    {
        var pairs: [(name: String, value: Table.Cell)] = [
            ("name", .init(workflow.name.text, .strong)), ("state", state(of: workflow, time)),
        ]
        if let head = workflow.definition?.head {
            if let description = head.description { pairs.append(("description", .init(description))) }
            for schedule in head.schedules { pairs.append(("schedule", .init(schedule.explained))) }
        }
        let next = workflow.next.map { "\(time.absolute($0)) (\(time.relative($0)))" } ?? "-"
        return pairs + [("next", .init(next)), ("steps", .init(String(workflow.steps)))]
    }

    /// The steps, and the states of their runs on the last occasions, latest first.
    static func steps(of workflow: WorkflowPayload, _ time: TimeText) -> Table {
        let occasions = workflow.occasions ?? []
        let columns: [Table.Column] = [
            .init(title: "STEP", isElastic: true), .init(title: "AFTER", isElastic: true),
        ]
        var table = Table(columns + occasions.map { Table.Column(title: time.relative($0.due)) })
        let states = occasions.map { occasion in
            Dictionary(occasion.steps.map { ($0.step, $0.state) }) { first, _ in first }
        }
        for step in workflow.definition?.steps ?? [] {
            guard let name = step.workflow?.step else { continue }
            let cells = states.map { states -> Table.Cell in
                states[name].map { .init($0.rawValue, RunTable.tone(of: $0)) } ?? "-"
            }
            table.append([.init(name.text), .init(parents(of: step))] + cells)
        }
        return table
    }

    /// Occasions, one a line.
    static func occasions(_ occasions: [WorkflowPayload.Occasion], _ time: TimeText) -> Table {
        var table = Table([
            .init(title: "DUE"), .init(title: "STATE"), .init(title: "STEPS", isElastic: true),
            .init(title: "RUN"),
        ])
        for occasion in occasions {
            let counts = RunState.allCases.compactMap { state -> String? in
                let count = occasion.steps.count { $0.state == state }
                return count == 0 ? nil : "\(count) \(state.rawValue)"
            }
            let tone = RunState(rawValue: occasion.state).flatMap(RunTable.tone)
            table.append([
                .init(time.absolute(occasion.due)), .init(occasion.state, tone),
                .init(counts.isEmpty ? "-" : counts.joined(separator: ", ")), .init(occasion.run.text),
            ])
        }
        return table
    }

    private static func state(of workflow: WorkflowPayload, _ time: TimeText) -> Table.Cell {
        if workflow.incomplete == true {
            return .init("half saved: apply its document again", .bad)
        }
        if workflow.pause != nil { return PauseText.cell(workflow.pause, time, verb: "paused ") }
        return workflow.suspended == true ? .init("its group or runtime is paused", .warning) : "enabled"
    }

    private static func parents(of step: TaskSpecification) -> String {
        let names = step.after.edges.compactMap { edge -> String? in
            guard let name = step.workflow?.step(of: edge.task)?.text else { return nil }
            return edge.condition == .succeeded ? name : "\(name) (\(edge.condition.name))"
        }
        if names.isEmpty { return "-" }
        return (step.after.join == .any && names.count > 1 ? "any of " : "") + names.joined(separator: ", ")
    }
}
