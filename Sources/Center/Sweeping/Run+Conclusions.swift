public import Domain

extension Run {
    /// A report about one of its attempts.
    ///
    /// The history does not keep how the fire is delivered, and derives nothing from it.
    func report(of attempt: RunAttempt, _ phase: RunReport.Phase, delivery: Delivery?) -> RunReport {
        let fire = JournaledFire(
            attempt: AttemptID(run: id, number: attempt.number),
            task: task,
            uid: uid,
            part: part,
            revision: attempt.revision,
            due: due,
            trigger: trigger,
            delivery: delivery ?? .atMostOnce,
            decision: .launch,
            origin: origin,
            terms: terms
        )
        return RunReport(
            fire: fire,
            agent: attempt.agent,
            incarnation: attempt.incarnation,
            runtime: runtime,
            phase: phase
        )
    }
}

extension Run {
    /// What the record says of attempts that have ended, as reports for a center that does not know it.
    public var conclusions: [RunReport] {
        attempts.flatMap { attempt in
            [attempt.lost, attempt.result].compactMap(\.self).map { result in
                report(of: attempt, .ended(result), delivery: nil)
            }
        }
    }
}
