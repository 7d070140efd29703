import Domain
import Scheduling
import Testing

/// What a document may say by itself, but not together.
@Suite struct ContradictionTests {
    private static func task(
        _ action: TaskSpecification.Action = .command(["true"]),
        _ change: (inout TaskSpecification) -> Void = { _ in }
    ) throws -> TaskSpecification {
        var task = TaskSpecification(name: try #require(TaskID("t")), action: action)
        change(&task)
        return task
    }

    struct Times: Sendable {
        var timeout: Int?
        var startDeadline: Int?
        var totalTimeout: Int?
        var fields: [String] = []
    }

    @Test(
        "neither a timeout nor a start deadline is longer than the total timeout",
        arguments: [
            Times(timeout: 7_200, totalTimeout: 3_600, fields: ["timeout"]),
            Times(startDeadline: 7_200, totalTimeout: 3_600, fields: ["startDeadline"]),
            Times(timeout: 2, startDeadline: 3, totalTimeout: 1, fields: ["timeout", "startDeadline"]),
            Times(timeout: 3_600, startDeadline: 3_600, totalTimeout: 3_600),
            Times(timeout: 7_200, startDeadline: 7_200),
        ]
    )
    func totalTimeout(_ times: Times) throws {
        let task = try Self.task {
            $0.timeout = times.timeout.map { .seconds($0) }
            $0.startDeadline = times.startDeadline.map { .seconds($0) }
            $0.totalTimeout = times.totalTimeout.map { .seconds($0) }
        }
        #expect(task.problems.map(\.field) == times.fields)
        #expect(task.problems.allSatisfy { $0.message.contains("lengthen totalTimeout") })
    }

    @Test(
        "a cap belongs to the policy that makes up for all",
        arguments: [
            (Misfire(.skip, cap: 5), false), (Misfire(.once, cap: 5), false), (Misfire(.all, cap: 5), true),
            (Misfire(.skip), true), (Misfire(.once, grace: .seconds(5)), true),
        ]
    )
    func cap(_ misfire: Misfire, _ isValid: Bool) throws {
        let task = try Self.task { $0.misfire = misfire }
        #expect(task.problems.map(\.field) == (isValid ? [] : ["misfire.cap"]))
    }

    @Test(
        "a template in a script is refused, with what to write instead",
        arguments: [
            ("echo ${{ parameters.who }}", "write \"$CLOUDTASK_PARAM_WHO\""),
            ("echo \"${{due.date}}\"", "environment: {VALUE: \"${{ due.date }}\"}"),
            ("echo '${{ a }}' ${{ secrets.X }} ${{ task }}", "'${{ task }}'"),
            ("echo '${{ parameters.who }}'", nil), ("echo ${{ secrets.X }}", nil),
            ("echo \\${{ task }} $${{ task }}", nil), ("echo ${{ task", nil), ("echo $HOME ${A}", nil),
        ] as [(String, String?)]
    )
    func script(_ text: String, _ advice: String?) throws {
        let problems = try Self.task(.script(text)).problems
        #expect(problems.map(\.field) == (advice == nil ? [] : ["script"]))
        if let advice { #expect(problems.first?.message.contains(advice) == true, "\(problems)") }
    }

    @Test("schedules that are over are told, and may be saved")
    func over() throws {
        let now = Instant(millisecondsSinceEpoch: 1_767_225_600_000)
        let task = try Self.task {
            $0.schedules = [.once(now + .seconds(1)), .once(now + .seconds(-1)), .once(now)]
        }
        #expect(task.problems.isEmpty)
        #expect(task.schedulesOver(at: now).map(\.field) == ["schedules[1]"])
        #expect(task.schedulesOver(at: now).first?.message.contains("never fires again") == true)
    }
}
