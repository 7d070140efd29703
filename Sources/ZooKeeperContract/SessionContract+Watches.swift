import ZooKeeper

extension SessionContract {
    static let watches: [ContractCase] = [
        ContractCase("watches report what happened to the node") { world in
            try await world.withSession { session in
                let path = try ZNodePath("/node")
                let creation = try await session.watchExists(path)
                try expect(creation.stat == nil, "the node is absent")
                _ = try await session.create(path)
                try expect(await creation.watch.event() == .created, "creation is reported")
                let change = try await session.watchGet(path)
                _ = try await session.set(path, data: [1], version: nil)
                try expect(await change.watch.event() == .dataChanged, "a change is reported")
                let children = try await session.watchChildren(path)
                try expect(children.names.isEmpty, "no children yet")
                _ = try await session.create(path.child("child"))
                try expect(await children.watch.event() == .childrenChanged, "a child is reported")
                try await session.delete(path.child("child"), version: nil)
                let deletions = [
                    try await session.watchExists(path).watch, try await session.watchGet(path).watch,
                    try await session.watchChildren(path).watch,
                ]
                try await session.delete(path, version: nil)
                for watch in deletions { try expect(await watch.event() == .deleted, "deletion is reported") }
            }
        },
        ContractCase("a watch is set off by other sessions, before the change can be read") { world in
            try await world.withSession { session in
                try await world.withSession { other in
                    let path = try ZNodePath("/node")
                    _ = try await session.create(path, data: [0])
                    let watched = try await session.watchGet(path)
                    _ = try await other.set(path, data: [1], version: nil)
                    try expect(await watched.watch.event() == .dataChanged, "the change is reported")
                    try expect(
                        try await session.get(path).data == [1],
                        "the change is readable after the event"
                    )
                }
            }
        },
        ContractCase("several watches on one node all fire") { world in
            try await world.withSession { session in
                let path = try ZNodePath("/node")
                _ = try await session.create(path)
                var watches: [Watch] = []
                for _ in 0..<3 { watches.append(try await session.watchGet(path).watch) }
                _ = try await session.set(path, data: [1], version: nil)
                for watch in watches { try expect(await watch.event() == .dataChanged, "each watch fires") }
            }
        },
        ContractCase("every watch ends with the session") { world in
            let session = try await world.connector.connect(resuming: nil)
            try await session.connected()
            let watched = try await session.watchExists(try ZNodePath("/absent"))
            await session.close()
            try expect(await watched.watch.event() == .ended, "the watch ends")
        },
    ]
}
