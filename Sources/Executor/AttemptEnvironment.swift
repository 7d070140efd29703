import Agent
import Domain
import Scheduling

/// Makes the environments of attempts; the part that all share is put together once.
struct AttemptEnvironment {
    private let base: [(name: String, value: String)]
    private let baseBlock: StringBlock
    private let baseNames: Set<String>
    private let searchPath: String
    private let node: String
    private let results: ResultFiles

    /// The variable that no two attempts of a machine share.
    static let resultVariable = "CLOUDTASK_RESULT"

    init(_ configuration: RunnerConfiguration, _ results: ResultFiles) {
        base = configuration.environment.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        baseNames = Set(base.map(\.name))
        baseBlock = base.reduce(into: StringBlock()) { $0.append($1.name, $1.value) }
        searchPath = configuration.environment["PATH"] ?? RunnerConfiguration.searchPath
        node = configuration.node.text
        self.results = results
    }

    /// The environment of an attempt: the base, the task's variables (which replace those of the base), and ours.
    ///
    /// - Parameters:
    ///   - order: What is to be started.
    ///   - account: Whom the process becomes; its home and name replace those of the base.
    ///   - result: The file that it may leave its result in; `nil` for the usual one.
    /// - Returns: The variables.
    func block(for order: LaunchOrder, as account: Account? = nil, result: String? = nil) -> StringBlock {
        let facts = facts(of: order)
        var own = order.specification.environment.mapValues { Template.render($0, facts) }
        if let account {
            own.merge(["HOME": account.home, "USER": account.name, "LOGNAME": account.name]) { task, _ in task
            }
        }
        var block = own.keys.contains(where: baseNames.contains) ? StringBlock() : baseBlock
        if block.count == 0 {
            for (name, value) in base where own[name] == nil { block.append(name, value) }
        }
        for (name, value) in own.sorted(by: { $0.key < $1.key }) { block.append(name, value) }
        let fire = order.fire
        block.append("CLOUDTASK_TASK", fire.task.text)
        block.append("CLOUDTASK_RUN", fire.attempt.run.text)
        block.append("CLOUDTASK_DUE", fire.meantFor.formatted())
        block.append("CLOUDTASK_ATTEMPT", String(fire.attempt.number))
        block.append("CLOUDTASK_NODE", node)
        block.append("CLOUDTASK_FENCE", order.fence.description)
        block.append("CLOUDTASK_TRIGGER", fire.trigger.rawValue)
        if let parents = fire.origin?.parents, !parents.isEmpty {
            block.append("CLOUDTASK_PARENTS", parents.map(\.text).joined(separator: " "))
        }
        if let shards = order.specification.shards {
            block.append("CLOUDTASK_SHARD_INDEX", String(fire.part))
            block.append("CLOUDTASK_SHARD_TOTAL", String(shards.total))
            if let name = shards.name(of: fire.part) { block.append("CLOUDTASK_SHARD", name) }
        }
        block.append(Self.resultVariable, result ?? results.path(of: fire.attempt))
        if own[TraceContext.variable] == nil, !baseNames.contains(TraceContext.variable) {
            block.append(TraceContext.variable, TraceContext.text(of: fire.attempt))
        }
        for (name, value) in facts.parameters.sorted(by: { $0.key < $1.key }) {
            block.append(Parameter.variable(of: name), value)
        }
        append(facts.outputs, of: order.specification, to: &block)
        return block
    }

    /// What the runs told that this one came after; of two that become the same variable, the first.
    private func append(_ outputs: TaskOutputs, of task: TaskSpecification, to block: inout StringBlock) {
        if outputs.isEmpty { return }
        var names: Set<String> = []
        for (output, value) in outputs.all {
            let text = value.plainText
            // No variable can have a NUL.
            let variable = task.localName(of: output).variable
            guard !text.utf8.contains(0), names.insert(variable).inserted else { continue }
            block.append(variable, text)
        }
    }

    /// What an attempt executes, with its facts filled in.
    func action(of order: LaunchOrder) -> TaskSpecification.Action {
        order.specification.action.rendered(facts(of: order))
    }

    private func facts(of order: LaunchOrder) -> TemplateFacts {
        let terms = order.specification.launchTerms(order.fire.terms, ofPart: order.fire.part)
        return TemplateFacts(
            fire: order.fire,
            node: node,
            parameters: terms?.parameters ?? [:],
            parents: order.specification.after.edges.map(\.task),
            workflow: order.specification.workflow,
            outputs: terms?.inputs ?? TaskOutputs(),
            shards: order.specification.shards
        )
    }

    /// The files that a program's name may mean in the attempt's search path.
    func candidates(for program: String, _ order: LaunchOrder) -> [String] {
        let own = order.specification.environment["PATH"].map { Template.render($0, facts(of: order)) }
        return Program.candidates(for: program, searchPath: own ?? searchPath)
    }
}
