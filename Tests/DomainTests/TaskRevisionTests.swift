import Foundation
import Scheduling
import Testing

@testable import Domain

@Suite struct TaskRevisionTests {
    private let uid = TaskUID("0000000000000001")!

    private func revision(_ number: Int, description: String = "") -> TaskRevision {
        TaskRevision(
            note: SaveNote(revision: number, at: .epoch, author: "a", message: "m"),
            specification: TaskSpecification(
                name: TaskID("t")!,
                description: description,
                action: .command(["true"])
            )
        )
    }

    @Test("the latest twenty are kept, oldest first")
    func count() {
        var list = TaskRevisions(uid: uid)
        for number in 1...30 { list.append(revision(number)) }
        #expect(list.revisions.map(\.note.revision) == Array(11...30))
    }

    @Test("large ones push the oldest out, but the latest always stays")
    func size() throws {
        var list = TaskRevisions(uid: uid)
        for number in 1...5 {
            list.append(revision(number, description: String(repeating: "x", count: 40_000)))
        }
        #expect(list.revisions.map(\.note.revision) == [3, 4, 5])
        #expect(try JSONEncoder().encode(list).count < TaskRevisions.bytesMax + 1_000)
        list.append(revision(6, description: String(repeating: "x", count: 200_000)))
        #expect(list.revisions.map(\.note.revision) == [6])
    }

    @Test("a revision that was kept by a save that failed counts once")
    func again() {
        var list = TaskRevisions(uid: uid)
        for number in [1, 2, 3, 2] { list.append(revision(number)) }
        #expect(list.revisions.map(\.note.revision) == [1, 2])
    }

    @Test("a definition without a note is the revision that it is, one with a note what the note says")
    func present() {
        let created = TaskDefinition.created(revision(1).specification, uid: uid, now: .epoch)
        #expect(TaskRevision(created).note == SaveNote(revision: 1, at: .epoch))
        var edited = created.edited(created.specification, now: .epoch + .seconds(1))
        edited.saved = TaskRevision(created).note
        #expect(edited.revision == 2 && TaskRevision(edited).note.revision == 1)
    }

    @Test("a suspended task is due at no instant, and its earlier ones stay; as JSON it comes back the same")
    func suspended() throws {
        var specification = revision(1).specification
        specification.schedules = [.every(try IntervalSchedule(every: .seconds(60)))]
        let created = TaskDefinition.created(specification, uid: uid, now: .epoch)
        let pause = Instant.epoch + .seconds(90)
        let suspended = created.edited(specification, now: pause, suspension: .open)
        #expect(suspended.nextDue(after: .epoch) == .epoch + .seconds(60))
        #expect(suspended.nextDue(after: .epoch + .seconds(60)) == nil)
        let read = try JSONDecoder().decode(
            TaskDefinition.self,
            from: JSONEncoder().encode(suspended)
        )
        #expect(read == suspended && read.suspension == .open)
        let resumed = suspended.edited(specification, now: pause + .seconds(100), suspension: .absent)
        #expect(resumed.nextDue(after: .epoch + .seconds(60)) == .epoch + .seconds(240))
        // What the JSON of a task that is not suspended was before, it is still.
        let json = String(decoding: try JSONEncoder().encode(created), as: UTF8.self)
        #expect(!json.contains("suspended") && !json.contains("saved"))
    }
}
