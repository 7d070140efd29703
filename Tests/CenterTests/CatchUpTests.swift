import Cluster
import Domain
import Scheduling
import SimulationKit
import Testing

@testable import Center

@Suite struct CatchUpTests {
    /// A leader without agents, with a task that makes up for much and one that makes up for one fire, both paused ten minutes later.
    private func leader(_ workshop: Workshop) async throws -> Leader {
        let leader = try await workshop.leader()
        try await leader.pass()
        var late = TaskSpecification.every(2, "late")
        late.misfire = Misfire(.all, cap: 500)
        _ = try await leader.control.save([late, .every(2, "calm")], condition: .any)
        workshop.clock.advance(by: .seconds(600))
        for name in ["late", "calm"] {
            _ = try await leader.control.pause(TaskID(name)!, until: nil, ChangeNote())
        }
        return leader
    }

    /// The number that is to be confirmed; `nil` when nothing is held.
    private func number(_ body: () async throws -> Void) async throws -> Int? {
        do {
            try await body()
            return nil
        } catch CenterError.conflict(let message) {
            let words = "runs at once that tasks of runtime default have missed, more than 100"
            #expect(message.contains(words), "\(message)")
            let number = try #require(message.split(separator: " ").last.flatMap { Int($0) }, "\(message)")
            #expect(message.hasPrefix("this starts \(number) "), "\(message)")
            return number
        }
    }

    @Test("a resumption that starts many missed runs is held until their number is confirmed")
    func resumed() async throws {
        let workshop = try Workshop()
        let leader = try await leader(workshop)
        _ = try await workshop.agent("a")
        try await leader.pass()
        let late = TaskID("late")!
        let found = try await number { _ = try await leader.control.resume(late, ChangeNote()) }
        let count = try #require(found)
        #expect((200..<300).contains(count))
        #expect(try await leader.control.task(late).pause != nil)
        let several = BulkRequest(action: .resume, tasks: [late, TaskID("calm")!])
        #expect(try await number { _ = try await leader.control.change(several) } == count + 1)
        var planned = several
        planned.isDryRun = true
        let expected = [CatchUpShare(runtime: .standard, count: count + 1, allowed: 100)]
        #expect(try await leader.control.change(planned).catchUps == expected)
        let calm = try await number { _ = try await leader.control.resume(TaskID("calm")!, ChangeNote()) }
        #expect(calm == nil)
        await #expect(throws: CenterError.self) {
            try await leader.control.resume(late, ChangeNote(), confirmed: count - 1)
        }
        let resumed = try await leader.control.resume(late, ChangeNote(), confirmed: count)
        #expect(resumed.change == .updated)
        #expect(try await leader.control.task(late).pause == nil)
    }

    @Test("so is an edit; nothing is held while nobody may run the task, and where more is allowed")
    func edited() async throws {
        let workshop = try Workshop()
        let leader = try await leader(workshop)
        let name = TaskID("late")!
        var specification = try await leader.control.task(name).definition.specification
        specification.isEnabled = true
        let request = SaveRequest(tasks: [specification])
        var planned = request
        planned.isDryRun = true
        #expect(try await leader.control.save(planned).catchUps.isEmpty)
        _ = try await workshop.agent("a")
        try await leader.pass()
        #expect(try await number { _ = try await leader.control.save(request) } != nil)
        var skipping = specification
        skipping.misfire = Misfire(.skip)
        planned.tasks = [skipping]
        #expect(try await leader.control.save(planned).catchUps.isEmpty)
        try await leader.control.setRuntime(RuntimeSettings(name: .standard, catchUpsMax: 500))
        #expect(try await number { _ = try await leader.control.save(request) } == nil)
        try await leader.pass()
        // Its agent decides from now on.
        specification.description = "edited"
        let later = try await leader.control.save(SaveRequest(tasks: [specification], isDryRun: true))
        #expect(later.catchUps.isEmpty)
    }
}
