import Domain
import Foundation
import Scheduling
import Testing

/// What a task's pauses and those of its group come to, written down naively: which interval counts after which second.
private struct PauseModel {
    /// What is done to a task at a second.
    enum Step: CustomStringConvertible {
        case edit(every: Int)
        case disable
        case pause(until: Int?)
        case resume
        case suspend(until: Int?)
        case unsuspend

        var description: String {
            switch self {
            case .edit(let every): "edit \(every)"
            case .disable: "disable"
            case .pause(let until): "pause until \(until.map(String.init) ?? "resumed")"
            case .resume: "resume"
            case .suspend(let until): "suspend until \(until.map(String.init) ?? "resumed")"
            case .unsuspend: "unsuspend"
            }
        }
    }

    private var every = 100
    private var isEnabled = true
    private var isSuspended = false
    private var until: Int?
    private var suspendedUntil: Int?
    /// After which millisecond which interval counts.
    private var spans: [(after: Int, every: Int?)] = [(0, 100)]

    mutating func perform(_ step: Step, at second: Int) {
        if let end = until, second >= end { until = nil }
        if let end = suspendedUntil, second >= end { suspendedUntil = nil }
        switch step {
        case .edit(let every): self.every = every
        case .disable: (isEnabled, until) = (false, nil)
        case .pause(let end): (isEnabled, until) = (end != nil, end)
        case .resume: (isEnabled, until) = (true, nil)
        case .suspend(let end): (isSuspended, suspendedUntil) = (end == nil, end)
        case .unsuspend: (isSuspended, suspendedUntil) = (false, nil)
        }
        let counting = isEnabled && !isSuspended ? every : nil
        spans.removeAll { $0.after >= second * 1_000 }
        let end = [until, suspendedUntil].compactMap(\.self).max()
        spans.append((second * 1_000, end == nil ? counting : nil))
        if let end { spans.append((end * 1_000 - 1, counting)) }
    }

    /// The seconds at which it is due, up to a second.
    func dues(to last: Int) -> [Int64] {
        spans.indices.flatMap { index -> [Int64] in
            guard let every = spans[index].every else { return [] }
            let end = index + 1 < spans.count ? spans[index + 1].after : last * 1_000
            return (1...last / every).map { $0 * every }
                .filter { $0 * 1_000 > spans[index].after && $0 * 1_000 <= end }.map(Int64.init)
        }
    }

    /// What the same step makes of a definition.
    static func perform(_ step: Step, on task: TaskDefinition, at second: Int) throws -> TaskDefinition {
        let now = FireChangeTests.at(second)
        var specification = task.specification
        switch step {
        case .edit(let every):
            specification.schedules = [
                .every(try IntervalSchedule(every: .seconds(every), start: FireChangeTests.start))
            ]
        case .disable: specification.isEnabled = false
        case .pause(let end):
            return task.paused(PauseRecord(since: now, until: end.map { FireChangeTests.at($0) }))
        case .resume: return task.resumed(now: now) ?? task
        case .suspend(let end):
            let suspension = end.map { Suspension.until(FireChangeTests.at($0)) } ?? .open
            return task.edited(specification, now: now, suspension: suspension)
        case .unsuspend: return task.edited(specification, now: now, suspension: .absent)
        }
        return task.edited(specification, now: now)
    }
}

/// The same numbers for the same seed.
private struct Numbers: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return (state ^ state >> 29) &* 0xbf58_476d_1ce4_e5b9
    }
}

@Suite struct PauseModelTests {
    @Test("edits, pauses with and without an end and those of groups come to what a naive model says")
    func model() throws {
        for seed in 0..<3_000 {
            var numbers = Numbers(state: UInt64(seed))
            var (model, task) = (PauseModel(), try FireChangeTests.task())
            var (second, steps) = (0, [String]())
            // Each step keeps up to two spans, and a definition eight.
            for _ in 0..<4 {
                second += Int.random(in: 1...500, using: &numbers)
                let step: PauseModel.Step =
                    switch Int.random(in: 0..<9, using: &numbers) {
                    case 0: .edit(every: [70, 100, 130].randomElement(using: &numbers) ?? 70)
                    case 1: .disable
                    case 2, 3: .pause(until: second + Int.random(in: 1...600, using: &numbers))
                    case 4: .pause(until: nil)
                    case 5: .resume
                    case 6: .suspend(until: nil)
                    case 7: .suspend(until: second + Int.random(in: 1...600, using: &numbers))
                    default: .unsuspend
                    }
                steps.append("\(second): \(step)")
                model.perform(step, at: second)
                task = try PauseModel.perform(step, on: task, at: second)
            }
            let expected = model.dues(to: second + 2_000)
            let found = FireChangeTests.dues(task, after: 0, count: expected.count)
            #expect(found == expected, "seed \(seed): \(steps)")
            let isPaused = !task.counts(at: FireChangeTests.at(second + 1))
            let next = task.nextDue(after: FireChangeTests.at(second))
            let isDueSoon = next.map { $0 <= FireChangeTests.at(second + 1) } ?? false
            #expect(!(isPaused && isDueSoon), "seed \(seed): \(steps)")
        }
    }
}
