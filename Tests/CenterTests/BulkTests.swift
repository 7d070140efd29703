import Cluster
import Domain
import Foundation
import Scheduling
import SimulationKit
import Testing
import ZooKeeper

@testable import Center

@Suite struct BulkTests {
    private func leader(_ workshop: Workshop, tasks: Int) async throws -> Leader {
        let leader = try await workshop.leader()
        try await leader.pass()
        let specifications = (0..<tasks).map { TaskSpecification.every(60, "t\($0)") }
        if tasks > 0 { _ = try await leader.control.save(specifications, condition: .any) }
        return leader
    }

    private func names(_ range: Range<Int>) -> [TaskID] { range.map { TaskID("t\($0)")! } }

    @Test(
        "several tasks are paused, resumed and deleted as one change, and those that are not there are named"
    )
    func bulk() async throws {
        let workshop = try Workshop()
        let leader = try await leader(workshop, tasks: 4)
        let request = BulkRequest(action: .pause, tasks: names(1..<3) + [TaskID("none")!])
        var preview = request
        preview.isDryRun = true
        #expect(
            try await leader.control.change(preview).outcomes.map(\.change) == [.changed, .changed, .absent]
        )
        #expect(try await leader.control.task(TaskID("t1")!).definition.specification.isEnabled)
        #expect(
            try await leader.control.change(request).outcomes.map(\.change) == [.changed, .changed, .absent]
        )
        #expect(try await !leader.control.task(TaskID("t1")!).definition.specification.isEnabled)
        #expect(
            try await leader.control.change(request).outcomes.map(\.change) == [
                .unchanged, .unchanged, .absent,
            ]
        )
        let resumed = try await leader.control.change(BulkRequest(action: .resume, tasks: names(0..<2)))
        #expect(resumed.outcomes.map(\.change) == [.unchanged, .changed])
        let deleted = try await leader.control.change(BulkRequest(action: .delete, tasks: names(0..<2)))
        #expect(deleted.outcomes.map(\.change) == [.changed, .changed])
        #expect(await leader.control.cluster().taskCount == 2)
        await #expect(throws: CenterError.self) {
            try await leader.control.change(BulkRequest(action: .pause, tasks: names(2..<3) + names(2..<3)))
        }
    }

    @Test("a change of most of a runtime is held until its number is confirmed, by apply as well as in bulk")
    func held() async throws {
        let workshop = try Workshop()
        let leader = try await leader(workshop, tasks: 20)
        func isHeld(_ body: () async throws -> Void) async throws -> Bool {
            do {
                try await body()
                return false
            } catch CenterError.conflict(let message) {
                #expect(message.contains("this changes 12 of the 20 tasks of runtime default"), "\(message)")
                #expect(message.hasSuffix("repeat it with --confirm 12"), "\(message)")
                return true
            }
        }
        var request = BulkRequest(action: .pause, tasks: names(0..<12))
        #expect(try await isHeld { _ = try await leader.control.change(request) })
        request.confirmed = 11
        #expect(try await isHeld { _ = try await leader.control.change(request) })
        #expect(await leader.control.cluster().unplacedCount == 20)
        request.confirmed = 12
        #expect(try await !isHeld { _ = try await leader.control.change(request) })
        let edits = (0..<12).map { TaskSpecification.every(90, "t\($0)") }
        #expect(try await isHeld { _ = try await leader.control.save(SaveRequest(tasks: edits)) })
        let many = (100..<200).map { TaskSpecification.every(60, "t\($0)") }
        _ = try await leader.control.save(SaveRequest(tasks: many))
        // Now it is a small share.
        #expect(try await !isHeld { _ = try await leader.control.save(SaveRequest(tasks: edits)) })
        var settings = RuntimeSettings(name: .standard)
        settings.massChangePercent = 5
        try await leader.control.setRuntime(settings)
        await #expect(throws: CenterError.self) {
            try await leader.control.change(BulkRequest(action: .delete, tasks: names(0..<12)))
        }
    }

    @Test("a paused group's tasks are due no more, whatever they say, until it is resumed; new ones as well")
    func group() async throws {
        let workshop = try Workshop()
        let leader = try await leader(workshop, tasks: 2)
        let group = GroupID("default")!
        var grouped = TaskSpecification.every(60, "elsewhere")
        grouped.group = GroupID("elsewhere")!
        _ = try await leader.control.save([grouped, .every(60, "off", isEnabled: false)], condition: .any)
        let note = ChangeNote(author: "me", message: "move")
        let paused = try await leader.control.setPaused(.group(group), true, note)
        #expect(paused.isChanged && paused.taskCount == 3)
        // One of them was paused already.
        #expect(paused.shares.map(\.changed) == [2] && paused.shares.map(\.total) == [4])
        func view(_ name: String) async throws -> TaskView { try await leader.control.task(TaskID(name)!) }
        #expect(try await view("t0").nextDue == nil)
        #expect(try await view("t0").definition.specification.isEnabled)
        #expect(try await view("t0").unplacedReason?.hasSuffix(": move") == true)
        #expect(try await view("elsewhere").nextDue != nil)
        _ = try await leader.control.save([.every(60, "new")], condition: .any)
        #expect(try await view("new").nextDue == nil)
        let views = try await leader.control.groups()
        #expect(views.map(\.name.text) == ["default", "elsewhere"])
        #expect(views[0].pause?.reason == "move" && views[0].pause?.author == "me")
        #expect(views[0].taskCount == 4 && views[0].pausedCount == 1 && views[1].pause == nil)
        let again = try await leader.control.setPaused(.group(group), true, ChangeNote())
        #expect(!again.isChanged)
        workshop.clock.advance(by: .seconds(600))
        _ = try await leader.control.setPaused(.group(group), false, ChangeNote())
        let definition = try await view("t0").definition
        // No instant of the pause is due afterwards.
        #expect(definition.nextDue(after: Workshop.start).map { $0 > workshop.now } == true)
        #expect(try await view("off").nextDue == nil)
        await #expect(throws: CenterError.notFound(kind: "group", name: "none")) {
            try await leader.control.setPaused(.group(GroupID("none")!), true, ChangeNote())
        }
    }

    @Test("a group's pause that has an end is over then by itself, for tasks that came meanwhile as well")
    func groupUntil() async throws {
        let workshop = try Workshop()
        let leader = try await leader(workshop, tasks: 2)
        let end = workshop.now + .seconds(600)
        func pause(until end: Instant?) async throws -> ScopeOutcome {
            try await leader.control.setPaused(ScopeRequest(.group(.standard), .pause(until: end)))
        }
        await #expect(throws: CenterError.self) { _ = try await pause(until: workshop.now + .seconds(1)) }
        #expect(try await pause(until: end).isChanged)
        #expect(try await !pause(until: end).isChanged)
        _ = try await leader.control.save([.every(60, "new")], condition: .any)
        func view(_ name: String) async throws -> TaskView { try await leader.control.task(TaskID(name)!) }
        for name in ["t0", "t1", "new"] {
            let shown = try await view(name)
            #expect(shown.suspension == .until(end) && shown.unplacedReason?.contains("until") == true)
            #expect(shown.nextDue.map { $0 >= end } == true)
        }
        #expect(try await leader.control.groups().first?.pause?.until == end)
        workshop.clock.advance(by: .seconds(600))
        #expect(try await leader.control.groups().first?.pause == nil)
        let revision = try await view("t0").definition.revision
        #expect(try await view("t0").suspension == .absent)
        try await leader.pass()
        // Nobody has to save anything for that.
        #expect(try await view("t0").definition.revision == revision)
        let resumed = try await leader.control.setPaused(.group(.standard), false, ChangeNote())
        #expect(!resumed.isChanged)
        #expect(try await pause(until: nil).isChanged)
        #expect(try await view("t0").suspension == .open)
    }

    @Test("a pause of most of a runtime is held until its number is confirmed, of a group or the runtime")
    func heldScopes() async throws {
        let workshop = try Workshop()
        let leader = try await leader(workshop, tasks: 12)
        for scope in [PausedScope.group(.standard), .runtime(.standard)] {
            var request = ScopeRequest(scope, .pause(until: nil))
            request.isDryRun = true
            let planned = try await leader.control.setPaused(request)
            #expect(planned.isChanged && planned.shares.map(\.changed) == [12])
            request.isDryRun = false
            do {
                _ = try await leader.control.setPaused(request)
                Issue.record("not held: \(scope)")
            } catch CenterError.conflict(let message) {
                #expect(message.contains("this changes 12 of the 12 tasks of runtime default"), "\(message)")
            }
            #expect(try await leader.control.task(TaskID("t0")!).suspension == .absent)
            request.confirmed = 12
            #expect(try await leader.control.setPaused(request).isChanged)
            // What is paused already is nothing to be held.
            #expect(try await !leader.control.setPaused(scope, true, ChangeNote()).isChanged)
            #expect(try await leader.control.setPaused(scope, false, ChangeNote()).isChanged)
        }
    }

    @Test(
        "a paused runtime stays paused when its settings are saved, and a leader that ends halfway is followed up"
    )
    func runtime() async throws {
        let workshop = try Workshop()
        let first = try await leader(workshop, tasks: 3)
        var settings = RuntimeSettings(name: .standard)
        settings.pause = PauseRecord(since: workshop.now)
        // As if the leader had ended after its first write.
        try await first.leading.catalogWriter.write(settings)
        await first.die()
        let second = try await workshop.leader("c2")
        try await second.pass()
        for name in names(0..<3) {
            #expect(try await second.control.task(name).definition.suspension == .open)
            #expect(try await second.control.task(name).definition.revision == 2)
        }
        settings.pause = nil
        settings.description = "changed"
        try await second.control.setRuntime(settings)
        #expect(try await second.control.runtimes().first?.pause != nil)
        let resumed = try await second.control.setPaused(.runtime(.standard), false, ChangeNote())
        #expect(resumed == ScopeOutcome(isChanged: true, taskCount: 3))
        #expect(try await second.control.task(TaskID("t0")!).definition.suspension == .absent)
    }

    @Test("every save keeps what was said before, with who and why; calendars and pauses are no revisions")
    func revisions() async throws {
        let workshop = try Workshop()
        let leader = try await leader(workshop, tasks: 1)
        let task = TaskID("t0")!
        func save(_ seconds: Int, _ message: String) async throws {
            let note = ChangeNote(author: "me", message: message)
            let request = SaveRequest(tasks: [.every(seconds, "t0")], note: note)
            _ = try await leader.control.save(request)
        }
        try await save(61, "slower")
        _ = try await leader.control.setPaused(.group(.standard), true, ChangeNote())
        _ = try await leader.control.setPaused(.group(.standard), false, ChangeNote())
        try await save(62, "slower still")
        try await save(62, "the same")
        let revisions = try await leader.control.revisions(of: task)
        #expect(revisions.map(\.note.revision) == [1, 2, 5])
        #expect(revisions.map(\.note.message) == [nil, "slower", "slower still"])
        #expect(revisions.map(\.note.author) == [nil, "me", "me"])
        #expect(revisions.map(\.specification) == [60, 61, 62].map { .every($0, "t0") })
        // A task of the same name that is created anew has no history.
        try await leader.control.deleteTask(task)
        _ = try await leader.control.save([.every(60, "t0")], condition: .absent)
        #expect(try await leader.control.revisions(of: task).map(\.note.revision) == [1])
        #expect(
            workshop.ensemble.paths.allSatisfy { !$0.text.hasSuffix("/t0") || !$0.text.contains("revisions") }
        )
    }

    @Test("a pause and its end are revisions with who and why, one by one as well as together")
    func pauses() async throws {
        let workshop = try Workshop()
        let leader = try await leader(workshop, tasks: 2)
        let (one, other) = (TaskID("t0")!, TaskID("t1")!)
        let note = ChangeNote(author: "ann", message: "new disks")
        _ = try await leader.control.pause(one, until: nil, note)
        _ = try await leader.control.change(BulkRequest(action: .pause, tasks: [other], note: note))
        let back = ChangeNote(author: "bob", message: "disks are in")
        for name in [one, other] {
            let pause = try #require(try await leader.control.task(name).pause)
            #expect(pause.author == "ann" && pause.reason == "new disks" && pause.since == workshop.now)
        }
        workshop.clock.advance(by: .seconds(600))
        _ = try await leader.control.resume(one, back)
        _ = try await leader.control.change(BulkRequest(action: .resume, tasks: [other], note: back))
        for name in [one, other] {
            let revisions = try await leader.control.revisions(of: name)
            #expect(revisions.map(\.note.revision) == [1, 2, 3])
            #expect(revisions.map(\.note.author) == [nil, "ann", "bob"])
            #expect(revisions.map(\.note.message) == [nil, "new disks", "disks are in"])
            #expect(revisions.map(\.specification.isEnabled) == [true, false, true])
        }
    }

    @Test("a pause with an end is no revision: the document says the same")
    func timedPauses() async throws {
        let workshop = try Workshop()
        let leader = try await leader(workshop, tasks: 1)
        let task = TaskID("t0")!
        _ = try await leader.control.save(
            SaveRequest(tasks: [.every(61, "t0")], note: ChangeNote(author: "me", message: "slower"))
        )
        _ = try await leader.control.pause(
            task,
            until: workshop.now + .seconds(600),
            ChangeNote(author: "ann", message: "disks")
        )
        let saved = workshop.now
        _ = try await leader.control.save([.every(62, "t0")], condition: .any)
        _ = try await leader.control.resume(task, ChangeNote(author: "bob"))
        let revisions = try await leader.control.revisions(of: task)
        #expect(revisions.map(\.note.revision) == [1, 2, 4])
        #expect(revisions.map(\.note.message) == [nil, "slower", nil])
        // It was saved then, although it counts later only.
        #expect(revisions.last?.note.at == saved)
    }

    @Test("several tasks are paused until an instant, and none that is paused longer is cut short")
    func untilTogether() async throws {
        let workshop = try Workshop()
        let leader = try await leader(workshop, tasks: 4)
        let end = workshop.now + .seconds(600)
        func pause(_ name: String, until end: Instant?) async throws {
            _ = try await leader.control.pause(TaskID(name)!, until: end, ChangeNote(message: "its own"))
        }
        try await pause("t1", until: nil)
        try await pause("t2", until: end + .seconds(60))
        try await pause("t3", until: end - .seconds(60))
        let note = ChangeNote(author: "ann", message: "disks")
        let request = BulkRequest(action: .pause, tasks: names(0..<4), until: end, note: note)
        let receipt = try await leader.control.change(request)
        #expect(receipt.outcomes.map(\.change) == [.changed, .unchanged, .unchanged, .changed])
        var pauses: [PauseRecord?] = []
        for name in names(0..<4) { pauses.append(try await leader.control.task(name).pause) }
        #expect(pauses.map { $0?.until } == [end, nil, end + .seconds(60), end])
        #expect(pauses.map { $0?.reason } == ["disks", "its own", "its own", "disks"])
        let counting = try await leader.control.tasks(TaskFilter(isEnabled: true), page: nil, limit: 9)
        #expect(counting.elements.isEmpty)
        #expect(try await leader.control.groups().map(\.pausedCount) == [4])
        workshop.clock.advance(by: .seconds(600))
        let later = try await leader.control.tasks(TaskFilter(isEnabled: true), page: nil, limit: 9)
        #expect(later.elements.map(\.definition.name) == [TaskID("t0")!, TaskID("t3")!])
        for (action, until) in [(BulkRequest.Action.pause, workshop.now), (.resume, end)] {
            await #expect(throws: CenterError.self) {
                try await leader.control.change(
                    BulkRequest(action: action, tasks: names(0..<1), until: until)
                )
            }
        }
    }

    @Test("tasks are found by their labels")
    func labels() async throws {
        let workshop = try Workshop()
        let leader = try await leader(workshop, tasks: 1)
        var labelled = TaskSpecification.every(60, "l")
        labelled.labels = ["team": "data"]
        _ = try await leader.control.save([labelled], condition: .any)
        let filter = TaskFilter(labels: try LabelSelector(parsing: "team=data"))
        let found = try await leader.control.tasks(filter, page: nil, limit: 9)
        #expect(found.elements.map(\.definition.name.text) == ["l"])
    }
}
