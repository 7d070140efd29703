/// Several tasks that are one: a task that begins it, which alone has schedules, and the steps that come after that and one another.
///
/// It is what a workflow's document is compiled to. The beginning task says what the document says for all steps; what
/// steps do not say themselves they have from it.
public struct Workflow: Hashable, Sendable {
    /// The task that begins it; it does nothing but that.
    public private(set) var head: TaskSpecification
    /// The steps, each behind those it comes after, else by name.
    public private(set) var steps: [TaskSpecification]

    /// The workflow's name.
    public var name: WorkflowID { place.workflow }

    /// Everything it consists of, the beginning first.
    public var tasks: [TaskSpecification] { [head] + steps }

    /// Whether it is half saved.
    public var isIncomplete: Bool { place.isIncomplete }

    private var place: WorkflowPlace

    /// Puts a workflow together; `nil` when the first task does not begin one.
    public init?(head: TaskSpecification, steps: [TaskSpecification]) {
        guard let place = head.workflow, place.step == nil else { return nil }
        self.place = place
        self.head = head
        self.steps = Self.ordered(steps)
    }

    /// What the task that begins a workflow executes: nothing.
    public static let beginning = TaskSpecification.Action.script(":")

    /// Most steps: what belongs to one occasion is seen, cancelled and repeated as a whole.
    public static let stepsMax = 1_000

    /// The steps, each behind those it comes after and otherwise by name; what is in a cycle comes last.
    private static func ordered(_ steps: [TaskSpecification]) -> [TaskSpecification] {
        let sorted = steps.sorted { $0.name < $1.name }
        let indices = Dictionary(sorted.enumerated().map { ($1.name, $0) }) { first, _ in first }
        var waitsFor = sorted.map { step in Set(step.after.edges.compactMap { indices[$0.task] }).count }
        var followers: [Int: [Int]] = [:]
        for (index, step) in sorted.enumerated() {
            for parent in Set(step.after.edges.compactMap { indices[$0.task] }) {
                followers[parent, default: []].append(index)
            }
        }
        var layer = sorted.indices.filter { waitsFor[$0] == 0 }
        var placed: [Int] = []
        while !layer.isEmpty {
            placed += layer
            var next: [Int] = []
            for index in layer {
                for follower in followers[index] ?? [] {
                    waitsFor[follower] -= 1
                    if waitsFor[follower] == 0 { next.append(follower) }
                }
            }
            layer = next.sorted()
        }
        let rest = Set(sorted.indices).subtracting(placed).sorted()
        return (placed + rest).map { sorted[$0] }
    }
}

extension Workflow {
    /// The beginning task as it stands while the workflow is half saved: no instant of a schedule begins it, and no request.
    public var closedHead: TaskSpecification {
        var closed = head
        closed.schedules = []
        closed.workflow = WorkflowPlace(name, isIncomplete: true)
        return closed
    }
}

extension Workflow: Codable {
    private enum Key: String, CodingKey {
        case head, steps
    }

    /// Decodes the value; fails with the coding path of what is wrong.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        let head = try container.decode(TaskSpecification.self, forKey: .head)
        let steps = try container.decode([TaskSpecification].self, forKey: .steps)
        guard let workflow = Workflow(head: head, steps: steps) else {
            throw DecodingError.dataCorruptedError(
                forKey: .head,
                in: container,
                debugDescription:
                    "task \(head.name) does not begin a workflow: its \"workflow\" has to say so"
            )
        }
        self = workflow
    }

    /// Encodes the value in the form it is decoded from.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(head, forKey: .head)
        try container.encode(steps, forKey: .steps)
    }
}
