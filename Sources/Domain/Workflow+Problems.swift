extension Workflow {
    /// Everything that is wrong with it, by the fields of its document; empty when it can be saved.
    public var problems: [ValidationProblem] {
        let tasks = structureProblems + head.problems
        return tasks
            + steps.flatMap { step in
                step.problems.map { problem in
                    var problem = problem
                    problem.field = "steps.\(Self.label(of: step)).\(problem.field)"
                    return problem
                }
            }
    }

    /// What is wrong with how its tasks hang together, whatever each of them says.
    private var structureProblems: [ValidationProblem] {
        let counts = countProblems
        guard counts.isEmpty else { return counts }
        let places = headProblems + steps.flatMap(placeProblems)
        return places.isEmpty ? orderProblems : places
    }

    /// That it has no steps, or too many.
    public var countProblems: [ValidationProblem] {
        if steps.isEmpty {
            return [.init(field: "steps", message: "workflow \(name) has no steps: add one at least")]
        }
        guard steps.count > Self.stepsMax else { return [] }
        let message =
            "workflow \(name) has \(steps.count) steps, more than the \(Self.stepsMax) allowed: split it"
        return [.init(field: "steps", message: message)]
    }

    /// What is wrong with which steps come after which: that some are unknown, or come after themselves by way of others.
    public var orderProblems: [ValidationProblem] { steps.flatMap(edgeProblems) + cycleProblems }

    private var headProblems: [ValidationProblem] {
        func problem(_ field: String, _ message: String) -> ValidationProblem {
            ValidationProblem(field: field, message: message)
        }
        var problems: [ValidationProblem] = []
        if head.name.text != name.text {
            problems.append(
                problem("name", "task \(head.name) cannot begin workflow \(name): it has its name")
            )
        }
        if head.action != Self.beginning {
            problems.append(
                problem("head", "the task that begins a workflow does nothing: write script: \":\"")
            )
        }
        if !head.after.edges.isEmpty {
            problems.append(problem("head", "the task that begins a workflow comes after none: remove after"))
        }
        if head.split != .whole {
            problems.append(
                problem("head", "the task that begins a workflow is one run: remove shards and broadcast")
            )
        }
        if head.workflow?.isIncomplete == true {
            problems.append(problem("head", "only the cluster says that a workflow is half saved"))
        }
        return problems
    }

    /// What no document can lead to: a step that is not one of this workflow, or that does not have what all have.
    private func placeProblems(_ step: TaskSpecification) -> [ValidationProblem] {
        let field = "steps.\(Self.label(of: step))"
        func problem(_ message: String) -> [ValidationProblem] { [.init(field: field, message: message)] }
        guard let place = step.workflow, place.step != nil, place == WorkflowPlace(name, step: place.step),
            place.task == step.name
        else { return problem("task \(step.name) is no step of workflow \(name): name it \(name).STEP") }
        if !step.schedules.isEmpty {
            return problem("a step has no schedule: the workflow as a whole has one")
        }
        if step.misfire != Misfire() {
            return problem("a step has no misfire policy: the workflow as a whole has one")
        }
        if step.parameters != head.parameters {
            return problem("the parameters of a step are those of the workflow: give it the same")
        }
        if step.after.edges.isEmpty {
            return problem(
                "a step that comes after no other comes after task \(name), which begins the workflow"
            )
        }
        guard let missing = missingDefault(of: step) else { return [] }
        return problem(
            "a step has what the workflow says for all, or says something else: \(missing) is missing"
        )
    }

    /// A key that the beginning task has and the step leaves out, which no document can say.
    private func missingDefault(of step: TaskSpecification) -> String? {
        if head.timeout != nil, step.timeout == nil { return "timeout" }
        if head.totalTimeout != nil, step.totalTimeout == nil { return "totalTimeout" }
        if head.startDeadline != nil, step.startDeadline == nil { return "startDeadline" }
        if let label = head.labels.keys.sorted().first(where: { step.labels[$0] == nil }) {
            return "labels.\(label)"
        }
        let name = head.environment.keys.sorted().first { step.environment[$0] == nil }
        return name.map { "environment.\($0)" }
    }

    private func edgeProblems(_ step: TaskSpecification) -> [ValidationProblem] {
        let known = Set(tasks.map(\.name))
        return step.after.edges.enumerated().compactMap { index, edge in
            guard !known.contains(edge.task) || (edge.task == head.name && step.after.edges.count > 1) else {
                return nil
            }
            let missing = step.workflow?.step(of: edge.task)?.text ?? edge.task.text
            return ValidationProblem(
                field: "steps.\(Self.label(of: step)).after[\(index)].task",
                message: "there is no step '\(missing)' in workflow \(name): add it, or correct the name"
            )
        }
    }

    /// One problem for every entry with which steps come after themselves by way of others.
    private var cycleProblems: [ValidationProblem] {
        let known = Set(steps.map(\.name))
        let parents = Dictionary(
            steps.map { step in (step.name, step.after.edges.map(\.task).filter(known.contains)) }
        ) { first, _ in first }
        var problems: [ValidationProblem] = []
        var isSettled: [TaskID: Bool] = [:]
        for start in steps.map(\.name) where isSettled[start] == nil {
            var path: [TaskID] = []
            var rest: [ArraySlice<TaskID>] = []
            func enter(_ task: TaskID) {
                isSettled[task] = false
                path.append(task)
                rest.append((parents[task] ?? [])[...])
            }
            enter(start)
            while var left = rest.popLast() {
                guard let parent = left.popFirst() else {
                    isSettled[path.removeLast()] = true
                    continue
                }
                rest.append(left)
                if isSettled[parent] == nil {
                    enter(parent)
                } else if isSettled[parent] == false, let index = path.firstIndex(of: parent) {
                    problems += Self.problem(ofCycle: Array(path[index...]))
                }
            }
        }
        return problems
    }

    /// A step after itself is told where it says so.
    private static func problem(ofCycle round: [TaskID]) -> [ValidationProblem] {
        guard round.count > 1 else { return [] }
        let names = round.map { String($0.text.split(separator: ".").last ?? "") }
        let text = (names + [names[0]]).joined(separator: ", which comes after ")
        let message = "no step could ever be the first: \(text); remove one of the entries"
        return [ValidationProblem(field: "steps.\(names[0]).after", message: message)]
    }

    private static func label(of step: TaskSpecification) -> String {
        step.workflow?.step?.text ?? step.name.text
    }
}
