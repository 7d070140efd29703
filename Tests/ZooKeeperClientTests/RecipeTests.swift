import TestServers
import Testing
import ZooKeeper

@Suite struct RecipeTests {
    private let environment = RecipeEnvironment(clock: ContinuousClock(), randomBits: { 0 })

    @Test("a path is made with its missing parents, once or again")
    func ensurePath() async throws {
        try await withSharedServer { hosts in
            try await withSession(hosts) { session in
                let path = try ZNodePath("/a/b/c")
                try await session.ensurePath(path)
                try await session.ensurePath(path)
                #expect(try await session.children(ZNodePath("/a/b")).names == ["c"])
                try await session.ensurePath(.root)
            }
        }
    }

    @Test("what was created before is recognised by its bytes and its owner")
    func createOnce() async throws {
        try await withSharedServer { hosts in
            try await withSession(hosts) { session in
                let (path, own) = (try ZNodePath("/own"), try ZNodePath("/ephemeral"))
                let first = try await session.createOnce(path, data: [1])
                #expect(
                    try await session.createOnce(path, data: [1]).createdTransaction
                        == first.createdTransaction
                )
                #expect(
                    await failure { () throws(ZooKeeperError) in try await session.createOnce(path, data: [2])
                    } == .nodeExists
                )
                _ = try await session.createOnce(own, data: [1], mode: .ephemeral)
                try await withSession(hosts) { other in
                    let code = await failure { () throws(ZooKeeperError) in
                        try await other.createOnce(own, data: [1], mode: .ephemeral)
                    }
                    #expect(code == .nodeExists)
                }
            }
        }
    }

    @Test("the next candidate leads when the leader's session ends, in order of standing up")
    func election() async throws {
        try await withSharedServer { hosts in
            try await withSession(hosts) { first in
                try await withSession(hosts) { second in
                    try await withSession(hosts) { third in
                        let path = try ZNodePath("/election")
                        try await first.ensurePath(path)
                        let elections = zip([first, second, third], ["z", "m", "a"]).map {
                            LeaderElection(session: $0, path: path, guid: $1)
                        }
                        let leader = try await elections[0].campaign()
                        let follower = try await elections[1].enter()
                        _ = try await elections[2].enter()
                        #expect(try await elections[1].enter() == follower)
                        #expect(leader.counter < follower.counter)
                        async let next = elections[1].campaign()
                        async let last = elections[2].campaign()
                        try await expire(first, hosts: hosts)
                        #expect(try await next == follower)
                        // A leader's writes carry its candidate as a fence.
                        let stale = await failure { () throws(ZooKeeperError) in
                            try await second.multi([
                                .check(leader.path, version: 0), .set(path, data: [1], version: nil),
                            ])
                        }
                        #expect(stale == .noNode)
                        _ = try await second.multi([
                            .check(follower.path, version: 0), .set(path, data: [1], version: nil),
                        ])
                        try await elections[1].resign()
                        #expect(try await last.counter > follower.counter)
                        try await elections[1].resign()
                    }
                }
            }
        }
    }

    @Test("leadership is lent, and taken back when the candidate is gone")
    func withLeadership() async throws {
        try await withSharedServer { hosts in
            try await withSession(hosts) { session in
                let path = try ZNodePath("/election")
                try await session.ensurePath(path)
                let election = LeaderElection(session: session, path: path, guid: "g")
                let led = try await election.withLeadership { $0.path }
                #expect(try await session.exists(led) == nil)
                await #expect(throws: LeaderElection.Lost.self) {
                    try await election.withLeadership { candidate in
                        try await session.delete(candidate.path, version: nil)
                        for await _ in AsyncStream<Never>.makeStream().stream {}
                    }
                }
            }
        }
    }

    @Test("a taken name says who holds it, and is joined when free")
    func membership() async throws {
        try await withSharedServer { hosts in
            try await withSession(hosts) { holder in
                try await withSession(hosts) { other in
                    let path = try ZNodePath("/members/agent")
                    try await holder.ensurePath(ZNodePath("/members"))
                    let (held, wanted) = (
                        GroupMembership(session: holder, path: path),
                        GroupMembership(session: other, path: path)
                    )
                    _ = try await held.join(payload: [1])
                    _ = try await held.join(payload: [1])
                    let id = try #require(await holder.identity?.id)
                    await #expect(throws: GroupMembership.JoinError.taken(payload: [1], sessionID: id)) {
                        _ = try await wanted.join(payload: [2])
                    }
                    try await wanted.leave()
                    #expect(try await holder.exists(path) != nil)
                    async let joined = wanted.joinWhenFree(payload: [2])
                    try await held.leave()
                    #expect(try await joined.ephemeralOwner == other.identity?.id)
                }
            }
        }
    }

    @Test("an observer sees a node come, change and go")
    func nodeObserver() async throws {
        try await withSharedServer { hosts in
            try await withSession(hosts) { session in
                let path = try ZNodePath("/node")
                var states = NodeObserver(session: session, path: path, environment: environment)
                    .makeAsyncIterator()
                #expect(try await states.next() == .some(nil))
                _ = try await session.create(path, data: [1])
                #expect(try await states.next()??.data == [1])
                _ = try await session.set(path, data: [2], version: nil)
                _ = try await session.set(path, data: [3], version: nil)
                #expect(try await states.next()??.data == [3])
                try await session.delete(path, version: nil)
                #expect(try await states.next() == .some(nil))
                await session.close()
                await #expect(throws: ZooKeeperError.self) { try await states.next() }
            }
        }
    }

    @Test("an observer of children goes on after the server was restarted")
    func childrenObserver() async throws {
        try await withServer { server in
            try await withSession(server.address) { session in
                let path = try ZNodePath("/parent")
                var lists = ChildrenObserver(session: session, path: path, environment: environment)
                    .makeAsyncIterator()
                #expect(try await lists.next() == .some(nil))
                try await session.ensurePath(path.child("b"))
                #expect(try await lists.next()??.last == "b")
                try await server.restart()
                try await withSession(server.address) { other in _ = try await other.create(path.child("a")) }
                #expect(try await lists.next() == ["a", "b"])
            }
        }
    }

    @Test("an observer reads again without a watch, by the clock")
    func rereads() async throws {
        try await withSharedServer { hosts in
            try await withSession(hosts) { session in
                let path = try ZNodePath("/node")
                let deaf = DeafSession(session)
                let schedule = ObserverSchedule(rereadInterval: .milliseconds(20))
                var states = NodeObserver(
                    session: deaf,
                    path: path,
                    environment: environment,
                    schedule: schedule
                )
                .makeAsyncIterator()
                #expect(try await states.next() == .some(nil))
                _ = try await session.create(path, data: [1])
                #expect(try await states.next()??.data == [1])
            }
        }
    }
}
