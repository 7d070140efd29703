import ZooKeeper

extension SessionContract {
    static let sessions: [ContractCase] = [
        ContractCase("a session says who it is and what it was granted") { world in
            try await world.withSession { session in
                guard case .connected(let id, let timeout) = await session.state else {
                    throw ContractViolation(description: "the state is connected")
                }
                try expect(
                    await session.identity?.id == id && id != 0,
                    "the identity has the session's number"
                )
                try expect(
                    await session.negotiatedTimeout == timeout && timeout > .zero,
                    "the timeout is known"
                )
            }
        },
        ContractCase("a closed session takes its ephemeral nodes with it") { world in
            try await world.withSession { other in
                let path = try ZNodePath("/ephemeral")
                try await world.withSession { session in
                    _ = try await session.create(path, mode: .ephemeral)
                    try await other.sync(.root)
                    try expect(try await other.exists(path) != nil, "others see the node")
                }
                try await other.sync(.root)
                try expect(try await other.exists(path) == nil, "the node is gone")
            }
        },
        ContractCase("a closed session stays closed") { world in
            let session = try await world.connector.connect(resuming: nil)
            try await session.connected()
            await session.close()
            await session.close()
            try expect(await session.state == .closed, "the state is closed")
            try await expectError(.closed, "a call") { () throws(ZooKeeperError) in
                try await session.get(.root)
            }
            var states: [SessionState] = []
            for await state in await session.states() { states.append(state) }
            try expect(states == [.closed], "a late subscriber sees the final state, and the stream finishes")
        },
        ContractCase("an expired session is over, and its nodes are gone") { world in
            try await world.withSession { other in
                let path = try ZNodePath("/ephemeral")
                let session = try await world.connector.connect(resuming: nil)
                try await session.connected()
                let created = try await session.create(path, mode: .ephemeral)
                try expect(created.path == path, "the node is made")
                let watched = try await session.watchExists(path)
                try await world.expire(session)
                try await session.reach("expired") { $0 == .expired }
                _ = await watched.watch.event()
                try await expectError(.sessionExpired, "a read") { () throws(ZooKeeperError) in
                    try await session.get(.root)
                }
                try await expectError(.sessionExpired, "a multi") { () throws(ZooKeeperError) in
                    try await session.multi([.check(.root, version: 0)])
                }
                await session.close()
                try expect(await session.state == .expired, "an expired session stays expired")
                try await other.sync(.root)
                try expect(try await other.exists(path) == nil, "the node is gone")
            }
        },
        ContractCase("a session can be taken over by its identity") { world in
            try await world.withSession { other in
                let path = try ZNodePath("/ephemeral")
                let session = try await world.connector.connect(resuming: nil)
                try await session.connected()
                _ = try await session.create(path, mode: .ephemeral)
                let identity = await session.identity
                let heir = try await world.connector.connect(resuming: identity)
                try await heir.connected()
                try expect(await heir.identity?.id == identity?.id, "the number is the same")
                try await other.sync(.root)
                let watched = try await other.watchExists(path)
                await heir.close()
                await session.close()
                // At once, or after its timeout when the two took it from each other until the end.
                try expect(await watched.watch.event() == .deleted, "closing both ends the session")
            }
        },
        ContractCase("a session reads its own writes") { world in
            try await world.withSession { session in
                let path = try ZNodePath("/node")
                _ = try await session.create(path)
                for number in UInt8(0)..<20 {
                    _ = try await session.set(path, data: [number], version: nil)
                    try expect(try await session.get(path).data == [number], "the last write is read")
                }
            }
        },
        ContractCase("a lost connection suspends the session, which lives on", isDisruptive: true) { world in
            try await world.withSession { session in
                let path = try ZNodePath("/ephemeral")
                _ = try await session.create(path, mode: .ephemeral)
                let watched = try await session.watchGet(path)
                let identity = await session.identity
                try await world.suspend()
                try await session.reach("suspended") { $0 == .suspended }
                try await world.resume()
                try await session.reach("connected") { $0.isConnected }
                try expect(await session.identity?.id == identity?.id, "the session is the same")
                try expect(
                    try await session.exists(path)?.ephemeralOwner == identity?.id,
                    "its nodes are there"
                )
                _ = try await session.set(path, data: [1], version: nil)
                try expect(await watched.watch.event() == .dataChanged, "its watches are there")
            }
        },
    ]
}
