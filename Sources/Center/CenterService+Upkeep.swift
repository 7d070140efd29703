import Cluster
import Domain
import Logging
import Scheduling
import ZooKeeper

extension CenterService {
    /// Deletes old history every minute.
    func pruneHistory() async {
        while await pause(.seconds(60)) {
            do {
                let count = try await history.prune(configuration.retention, now: time.now)
                if count > 0 { logger.debug("Deleted old runs", metadata: ["count": "\(count)"]) }
            } catch {
                logger.warning("Old history cannot be deleted", metadata: ["error": "\(error)"])
            }
        }
    }

    /// Fetches what the other centers authored, every second.
    func followPeers() async {
        guard let peers else { return }
        while await pause(.seconds(1)) {
            let others = state.store.read { catalog in
                catalog.centers.values.filter { $0.center != configuration.center }.sorted {
                    $0.center < $1.center
                }
            }
            for peer in others {
                do {
                    try await catchUp(with: peer, peers)
                } catch {
                    // The peer may be starting or gone; the next round asks again.
                    logger.debug(
                        "A peer cannot be asked now",
                        metadata: ["center.id": "\(peer.center)", "error": "\(error)"]
                    )
                }
            }
        }
    }

    private func catchUp(with peer: CenterRegistration, _ peers: any PeerReports) async throws {
        while !Task.isCancelled {
            let reached = try await history.fetched(from: peer.center)
            let reports = try await peers.authored(by: peer, after: reached, limit: Self.reportsMax)
            if reports.isEmpty { return }
            try await contradict(reports)
            try await history.record(reports, from: peer.center)
            if reports.count < Self.reportsMax { return }
        }
    }

    /// Tells the peers what this center knows of attempts that one of them calls lost.
    ///
    /// A center that has just begun to lead may not have the result that its predecessor had accepted, and an agent that is
    /// gone tells it to nobody any more. A truth is never contradicted, so that this ends.
    private func contradict(_ reports: [AuthoredReport]) async throws {
        var truths: [RunReport] = []
        for report in reports.map(\.report) where report.isLoss {
            let known = try await history.knownRun(report.fire.attempt.run)?.conclusions ?? []
            guard let truth = known.first(where: { $0.fire.attempt == report.fire.attempt && !$0.isLoss })
            else { continue }
            logger.notice(
                "A peer calls an attempt lost whose result is known here; the record is corrected",
                metadata: [
                    "run.id": "\(report.fire.attempt.run)", "attempt": "\(report.fire.attempt.number)",
                ]
            )
            truths.append(truth)
        }
        if !truths.isEmpty { try await history.author(truths) }
    }

    /// Reports fetched at once.
    private static let reportsMax = 1_000

    /// Waits; `false` when the task was cancelled instead.
    private func pause(_ duration: Duration) async -> Bool {
        do {
            try await time.sleep(for: duration)
            return true
        } catch {
            return false
        }
    }
}

extension CenterLeadership {
    /// Deletes markers of dispatches that nobody will repeat, a bucket every few seconds (docs/architecture.md §5).
    func sweep(_ leading: LeadingCenter) async throws {
        var bucket = 0
        while true {
            try await service.time.sleep(for: Self.sweepInterval)
            for runtime in state(\.runtimes.keys).sorted() {
                do {
                    try await sweep(bucket, of: runtime, leading)
                } catch let error where !(error is CancellationError) {
                    if case LeaderWriteError.deposed = error { throw error }
                    logger.debug("Markers cannot be swept now", metadata: ["error": "\(error)"])
                }
            }
            if bucket == 0 { try await expire(leading) }
            bucket = (bucket + 1) % Buckets.dispatchedCount
        }
    }

    private func expire(_ leading: LeadingCenter) async throws {
        guard let roster = await leading.reconciler.roster else { return }
        do {
            try await leading.following.expire(roster)
        } catch let error where !(error is CancellationError) {
            if case LeaderWriteError.deposed = error { throw error }
            logger.debug("Runs that wait cannot be swept now", metadata: ["error": "\(error)"])
        }
    }

    /// All buckets are swept about every hour.
    private static let sweepInterval = Duration.seconds(15)

    /// How long a caller may repeat a request with the same key.
    static let retryWindow = Duration.seconds(24 * 3_600)

    /// How long the outputs that a run was given stay in its marker at least: a late truth about its end may still ask for another attempt.
    private static let inputsWindow = Duration.seconds(600)

    private func state<Value>(_ path: KeyPath<Catalog, Value>) -> Value {
        service.state.store.read { $0[keyPath: path] }
    }

    private func sweep(_ bucket: Int, of runtime: RuntimeID, _ leading: LeadingCenter) async throws {
        let dispatch = LeaderDispatch(writer: leading.writer)
        for (run, marker) in try await dispatch.markers(in: bucket, of: runtime) {
            let age = marker.value.countsFrom.duration(to: service.time.now)
            let isLarge = marker.value.terms?.inputs.isEmpty == false && age > Self.inputsWindow
            guard age > Self.retryWindow || isLarge,
                let known = try await service.history.knownRun(run), known.state.isFinal
            else { continue }
            guard age > Self.retryWindow else {
                try await dispatch.trim(marker, of: run, in: runtime)
                continue
            }
            try await dispatch.deleteMarker(of: run, in: runtime, version: marker.version)
        }
    }
}

extension RunReport {
    fileprivate var isLoss: Bool {
        if case .ended(let result) = phase { result.outcome == .lost } else { false }
    }
}
