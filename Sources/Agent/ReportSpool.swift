import Cluster
import Domain
import Logging
import Synchronization

/// Puts reports on disk before they count, in the order they were made, and goes on trying when the disk is full.
final class ReportSpool: Sendable {
    private struct State {
        var queue: [RunReport] = []
        var isBusy = false
        var isStoring = true
    }

    private let state = Mutex(State())
    private let bell = Bell()
    private let store: any AgentStateStore
    private let board: AgentBoard
    private let directory: CenterDirectory
    private let status: AgentGauge
    private let time: TimeSource
    private let random: RandomSource
    private let logger: Logger

    init(
        store: any AgentStateStore,
        board: AgentBoard,
        directory: CenterDirectory,
        status: AgentGauge,
        time: TimeSource,
        random: RandomSource,
        logger: Logger
    ) {
        self.store = store
        self.board = board
        self.directory = directory
        self.status = status
        self.time = time
        self.random = random
        self.logger = logger
    }

    /// Whether the last attempt to store succeeded; nothing is launched while it did not.
    var isStoring: Bool { state.withLock(\.isStoring) }

    /// Whether everything that was submitted is on disk.
    var isEmpty: Bool { state.withLock { $0.queue.isEmpty && !$0.isBusy } }

    /// Takes reports over; bounded by the attempts that exist.
    func submit(_ reports: [RunReport]) {
        guard !reports.isEmpty else { return }
        state.withLock { $0.queue += reports }
        bell.ring()
    }

    /// Stores what is submitted, until cancelled.
    func run() async {
        var backoff = Backoff()
        while !Task.isCancelled {
            let batch = take()
            guard !batch.isEmpty else {
                await bell.wait()
                continue
            }
            do {
                let last = try await store.append(batch)
                finish(batch, last: last)
                backoff.reset()
            } catch {
                giveBack(batch, error)
                // Cancellation is seen by the loop.
                try? await time.sleep(for: backoff.pause(random))
            }
        }
    }

    private func take() -> [RunReport] {
        state.withLock { state in
            let batch = Array(state.queue.prefix(ReportBatch.sizeMax))
            state.queue.removeFirst(batch.count)
            state.isBusy = !batch.isEmpty
            return batch
        }
    }

    private func finish(_ batch: [RunReport], last: Int64) {
        board.stored(batch, last: last, now: time.monotonic)
        let recovered = state.withLock { state in
            defer { state.isStoring = true }
            state.isBusy = false
            return !state.isStoring
        }
        directory.ringAll()
        guard recovered else { return }
        status.update { $0.isStoring = true }
        logger.notice("results can be stored again: launching goes on")
    }

    private func giveBack(_ batch: [RunReport], _ error: any Error) {
        let failed = state.withLock { state in
            defer { state.isStoring = false }
            state.queue = batch + state.queue
            state.isBusy = false
            return state.isStoring
        }
        guard failed else { return }
        status.update { $0.isStoring = false }
        logger.error(
            "results cannot be stored: nothing is launched until they can; is the disk full?",
            metadata: ["error": "\(error)"]
        )
    }
}
