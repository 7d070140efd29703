import Mutations

/// An election: of all candidates, the one that stood up first leads.
///
/// Each candidate is an ephemeral sequential node `c-<guid>-<counter>` below one node, which must exist. The guid finds a
/// candidate again whose creation was not confirmed. Each candidate watches only its predecessor, so the end of a leader wakes one.
/// (Recipe: ZooKeeper's documentation; the guid: Apache Curator.)
///
/// An election tells who *may* lead. What a leader writes must carry a fence, such as `check(candidate.path, version: 0)` in
/// the `multi` that takes office, since it may learn late that it no longer leads.
public struct LeaderElection: Sendable {
    private let session: any ZooKeeperSession
    private let path: ZNodePath
    private let guid: String

    /// Prepares a candidacy.
    ///
    /// - Parameters:
    ///   - session: The session whose end withdraws the candidate.
    ///   - path: The node below which candidates stand.
    ///   - guid: Random text of this candidacy, without `/` and `-`.
    public init(session: any ZooKeeperSession, path: ZNodePath, guid: String) {
        self.session = session
        self.path = path
        self.guid = guid
    }

    /// A node that stands in an election.
    public struct Candidate: Hashable, Sendable {
        /// The node.
        public var path: ZNodePath
        /// The session that owns it.
        public var sessionID: Int64
        /// The server's counter: lower leads.
        public var counter: Int64
    }

    /// Leadership ended while it was used.
    public struct Lost: Error, Hashable, Sendable {
        /// The candidate that led.
        public var candidate: Candidate
    }

    /// Stands up, or finds the candidate of an earlier call again.
    public func enter() async throws(ZooKeeperError) -> Candidate {
        var isRepeated = false
        while true {
            do throws(ZooKeeperError) {
                // A creation whose reply was lost may still be on its way: what follows must see it.
                if isRepeated { try await session.sync(path) }
                if !Mutation.createsCandidateBlindly.isOn, let own = try await own() { return own }
                let name = try path.child("c-\(guid)-")
                return try await candidate(session.create(name, mode: .ephemeralSequential).path)
            } catch {
                if !error.isRetriable { throw error }
            }
            isRepeated = true
            try await session.connected()
        }
    }

    /// Stands up and waits until this candidate leads.
    public func campaign() async throws(ZooKeeperError) -> Candidate {
        while true {
            let own = try await enter()
            do throws(ZooKeeperError) {
                if try await leadsOrPredecessorWent(own) { return own }
            } catch {
                if !error.isRetriable { throw error }
                try await session.connected()
            }
        }
    }

    /// Withdraws the candidate; harmless when there is none.
    public func resign() async throws(ZooKeeperError) {
        while true {
            do throws(ZooKeeperError) {
                guard let own = try await own() else { return }
                try await session.delete(own.path, version: nil)
                return
            } catch {
                if error.code == .noNode { return }
                if !error.isRetriable { throw error }
            }
            try await session.connected()
        }
    }

    /// Leads while `body` runs, then resigns.
    ///
    /// `body` is cancelled when leadership may be lost: the connection is gone, the session is over, the candidate was deleted.
    ///
    /// - Throws: `Lost` when leadership ended first, else what `body` throws.
    public func withLeadership<Value: Sendable>(
        _ body: @Sendable @escaping (Candidate) async throws -> Value
    ) async throws -> Value {
        let candidate = try await campaign()
        let result: Result<Value, any Error>
        do { result = .success(try await lead(candidate, body)) } catch { result = .failure(error) }
        // The session's end withdraws a candidate that cannot be withdrawn now.
        try? await resign()
        return try result.get()
    }
}

extension LeaderElection {
    private func lead<Value: Sendable>(
        _ candidate: Candidate,
        _ body: @Sendable @escaping (Candidate) async throws -> Value
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask { try await body(candidate) }
            group.addTask {
                await lost(candidate)
                return nil
            }
            defer { group.cancelAll() }
            guard let first = try await group.next(), let value = first else {
                throw Lost(candidate: candidate)
            }
            return value
        }
    }

    /// Returns when the candidate may no longer lead.
    private func lost(_ candidate: Candidate) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for await state in await session.states() where !state.isConnected { return }
            }
            group.addTask {
                // A failed read means that the connection or the session is gone.
                while let watched = try? await session.watchExists(candidate.path), watched.stat != nil {
                    if await watched.watch.event() == .ended { return }
                }
            }
            await group.next()
            group.cancelAll()
        }
    }

    /// Whether `own` is the lowest; otherwise waits until its predecessor went and says no.
    private func leadsOrPredecessorWent(_ own: Candidate) async throws(ZooKeeperError) -> Bool {
        let names = Self.sorted(try await session.children(path).names)
        guard let index = names.firstIndex(of: own.path.name) else { return false }
        if index == 0 { return true }
        let watched = try await session.watchExists(try path.child(names[index - 1]))
        guard watched.stat != nil, await watched.watch.event() == .ended else { return false }
        if Task.isCancelled { throw ZooKeeperError(.cancelled, path: path.text) }
        throw ZooKeeperError(await session.state == .closed ? .closed : .sessionExpired, path: path.text)
    }

    /// Our candidate, if it stands and belongs to this session.
    private func own() async throws(ZooKeeperError) -> Candidate? {
        for name in Self.sorted(try await session.children(path).names) where name.hasPrefix("c-\(guid)-") {
            let node = try path.child(name)
            guard let stat = try await session.exists(node),
                stat.ephemeralOwner == (await session.identity?.id)
            else { continue }
            return await candidate(node)
        }
        return nil
    }

    private func candidate(_ path: ZNodePath) async -> Candidate {
        Candidate(
            path: path,
            sessionID: await session.identity?.id ?? 0,
            counter: Int64(path.name.suffix(10)) ?? 0
        )
    }

    /// By the server's counter, not by the guid.
    private static func sorted(_ names: [String]) -> [String] {
        names.sorted { ($0.suffix(10), $0) < ($1.suffix(10), $1) }
    }
}
