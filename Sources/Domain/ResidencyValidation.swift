import Foundation
import Scheduling

extension TaskSpecification {
    /// What is wrong with how a task is kept running, and what of the rest contradicts it.
    var residencyProblems: [ValidationProblem] {
        guard let residency else { return [] }
        return contradictions + residency.restart.problems + (residency.probe?.problems ?? [])
    }

    private var contradictions: [ValidationProblem] {
        var problems: [ValidationProblem] = []
        func refuse(_ field: String, _ message: String) {
            problems.append(ValidationProblem(field: field, message: "a resident task " + message))
        }
        if !schedules.isEmpty { refuse("schedules", "runs all the time: remove schedules, or resident") }
        if !after.edges.isEmpty { refuse("after", "comes after no other: remove after, or resident") }
        if shards != nil { refuse("shards", "is one process: remove shards, or write several tasks") }
        if isBroadcast { refuse("broadcast", "runs on one agent: remove broadcast, or write several tasks") }
        if retry != Retry() {
            refuse("retry", "is restarted, not attempted again: remove retry, and see resident.restart")
        }
        if misfire != Misfire() { refuse("misfire", "has no fires that could be missed: remove misfire") }
        if delivery != .atMostOnce {
            refuse("delivery", "has a next process after a lost one in any case: remove delivery")
        }
        if statedConcurrency != Concurrency() {
            refuse("concurrency", "has one process at a time in any case: remove concurrency")
        }
        if !demand.isEmpty {
            refuse(
                demand.keys.isEmpty ? "pools" : "exclusive",
                "would hold its keys and units for ever: remove exclusive and pools"
            )
        }
        return problems
    }
}

extension Restart {
    /// What is wrong with it.
    var problems: [ValidationProblem] {
        var problems: [ValidationProblem] = []
        func refuse(_ field: String, _ message: String) {
            problems.append(ValidationProblem(field: "resident.restart.\(field)", message: message))
        }
        if delay < Self.delayMin || delay > Self.delayMax {
            refuse("delay", "the delay must be between 1s and 12h")
        }
        if maxDelay < delay || maxDelay > Self.delayMax {
            refuse("maxDelay", "the longest delay must be between the delay, \(DurationText(delay)), and 12h")
        }
        if resetAfter < Self.delayMin || resetAfter > Self.resetMax {
            refuse("resetAfter", "the life after which the count begins anew must be between 1s and 7d")
        }
        return problems
    }
}

extension HealthProbe {
    /// What is wrong with it.
    var problems: [ValidationProblem] {
        var problems = checkProblems
        func refuse(_ field: String, _ message: String) {
            problems.append(ValidationProblem(field: "resident.probe.\(field)", message: message))
        }
        if !Self.everyRange.contains(every) {
            refuse("every", "the pause between probes must be between 1s and 1h")
        }
        if !Self.timeoutRange.contains(timeout) {
            refuse("timeout", "the timeout of a probe must be between 100ms and 1m")
        }
        if !Self.failuresRange.contains(failures) {
            refuse("failures", "the failures in a row must be a whole number from 1 to 100")
        }
        if startDelay < .zero || startDelay > Self.startDelayMax {
            refuse("startDelay", "the time to the first probe must be between 0s and 1h")
        }
        return problems
    }

    private var checkProblems: [ValidationProblem] {
        switch check {
        case .command(let words):
            let field = "resident.probe.command"
            if words.first?.isEmpty ?? true {
                let message = "the probe's command is empty; give a program and its arguments"
                return [ValidationProblem(field: field, message: message)]
            }
            if words.reduce(0, { $0 + $1.utf8.count + 1 }) > Self.commandBytesMax {
                let message =
                    "the probe's command has more than \(Self.commandBytesMax) bytes; put it in a file"
                return [ValidationProblem(field: field, message: message)]
            }
            guard words.contains(where: { $0.utf8.contains(0) }) else { return [] }
            let message =
                "the probe's command contains a NUL character, which no program can receive; remove it"
            return [ValidationProblem(field: field, message: message)]
        case .http(let address):
            let parts = URLComponents(string: address)
            let isGood = ["http", "https"].contains(parts?.scheme) && parts?.host?.isEmpty == false
            guard !isGood || address.utf8.count > Self.addressBytesMax else { return [] }
            let message = "the probe's address must be like http://127.0.0.1:8080/health"
            return [ValidationProblem(field: "resident.probe.http", message: message)]
        }
    }

    private static let commandBytesMax = 4 * 1_024
    private static let addressBytesMax = 2 * 1_024
}
