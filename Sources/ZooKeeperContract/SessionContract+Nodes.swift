import ZooKeeper

extension SessionContract {
    static let nodes: [ContractCase] = [
        ContractCase("a created node holds its bytes") { world in
            try await world.withSession { session in
                let path = try ZNodePath("/node")
                let bytes = [UInt8](0...255)
                let created = try await session.create(path, data: bytes)
                try expect(created.path == path && created.stat.version == 0, "create returns path and stat")
                let node = try await session.get(path)
                try expect(node.data == bytes && node.stat.dataLengthBytes == 256, "get returns the bytes")
                try expect(
                    try await session.set(path, data: [], version: 0).version == 1,
                    "set counts versions"
                )
                try expect(try await session.get(path).data.isEmpty, "data may be empty")
            }
        },
        ContractCase("a node is created once, below a parent that exists") { world in
            try await world.withSession { session in
                let path = try ZNodePath("/node")
                _ = try await session.create(path)
                try await expectError(.nodeExists, "create again") { () throws(ZooKeeperError) in
                    try await session.create(path)
                }
                try await expectError(.noNode, "create below nothing") { () throws(ZooKeeperError) in
                    try await session.create(ZNodePath("/absent/child"))
                }
                try expect(
                    try await session.exists(ZNodePath("/absent")) == nil,
                    "exists says that a node is absent"
                )
                try await expectError(.noNode, "get of nothing") { () throws(ZooKeeperError) in
                    try await session.get(ZNodePath("/absent"))
                }
            }
        },
        ContractCase("a write with another version fails and changes nothing") { world in
            try await world.withSession { session in
                let path = try ZNodePath("/node")
                _ = try await session.create(path, data: [1])
                try await expectError(.badVersion, "set") { () throws(ZooKeeperError) in
                    try await session.set(path, data: [2], version: 5)
                }
                try await expectError(.badVersion, "delete") { () throws(ZooKeeperError) in
                    try await session.delete(path, version: 5)
                }
                try expect(try await session.get(path).data == [1], "the data is as before")
                try await session.delete(path, version: 0)
                try expect(try await session.exists(path) == nil, "the node is gone")
            }
        },
        ContractCase("only childless persistent nodes come and go freely") { world in
            try await world.withSession { session in
                let parent = try ZNodePath("/parent")
                _ = try await session.create(parent)
                let child = try await session.create(parent.child("child"), mode: .ephemeral)
                try await expectError(.notEmpty, "delete of a parent") { () throws(ZooKeeperError) in
                    try await session.delete(parent, version: nil)
                }
                try await expectError(.noChildrenForEphemerals, "a child of an ephemeral") {
                    () throws(ZooKeeperError) in
                    try await session.create(child.path.child("grandchild"))
                }
                let identity = await session.identity
                try expect(child.stat.ephemeralOwner == identity?.id, "the session owns its ephemeral node")
            }
        },
        ContractCase("sequential nodes are numbered in order") { world in
            try await world.withSession { session in
                let parent = try ZNodePath("/parent")
                _ = try await session.create(parent)
                var names: [String] = []
                for _ in 0..<3 {
                    names.append(
                        try await session.create(parent.child("n-"), mode: .persistentSequential).path.name
                    )
                }
                try expect(names == names.sorted() && Set(names).count == 3, "counters grow")
                try expect(
                    names.allSatisfy { $0.count == 12 && $0.hasPrefix("n-") },
                    "ten digits follow the name"
                )
                try expect(
                    try await session.children(parent).names.sorted() == names,
                    "children lists the names"
                )
            }
        },
        ContractCase("an ACL is kept, replaced and enforced by version") { world in
            try await world.withSession { session in
                let path = try ZNodePath("/node")
                _ = try await session.create(path)
                try expect(try await session.acl(path).acl == .open, "a node is open by default")
                let stat = try await session.acl(path).stat
                try await session.setACL(path, .readOnly, version: stat.aclVersion)
                try expect(try await session.acl(path).acl == .readOnly, "the ACL is replaced")
                try await expectError(.noAuth, "a write to a read-only node") { () throws(ZooKeeperError) in
                    try await session.set(path, data: [1], version: nil)
                }
            }
        },
    ]

    static let multis: [ContractCase] = [
        ContractCase("a multi does everything in order") { world in
            try await world.withSession { session in
                let (one, two) = (try ZNodePath("/one"), try ZNodePath("/two"))
                let results = try await session.multi([
                    .create(one, data: [1]), .check(one, version: 0), .set(one, data: [2], version: 0),
                    .create(two, data: [], mode: .persistentSequential), .delete(one, version: 1),
                ])
                try expect(results.count == 5, "every operation has a result")
                try expect(
                    results[0] == .created(one) && results[1] == .checked && results[4] == .deleted,
                    "in order"
                )
                guard case .created(let numbered) = results[3], case .set(let stat) = results[2] else {
                    throw ContractViolation(description: "results fit their operations")
                }
                try expect(stat.version == 1 && numbered.name.hasPrefix("two0"), "results say what was made")
                try expect(try await session.exists(numbered) != nil, "the numbered node exists")
                try expect(try await session.multi([]).isEmpty, "an empty multi does nothing")
            }
        },
        ContractCase("a failed multi does nothing and names the operation") { world in
            try await world.withSession { session in
                let (one, absent) = (try ZNodePath("/one"), try ZNodePath("/absent"))
                let error = try await expectError(.noNode, "a multi") { () throws(ZooKeeperError) in
                    try await session.multi([
                        .create(one, data: []), .delete(absent, version: nil), .check(one, version: 7),
                    ])
                }
                try expect(error.failedOperationIndex == 1, "the error has the operation's index")
                try expect(error.path == absent.text, "the error has the operation's path")
                try expect(try await session.exists(one) == nil, "nothing was done")
            }
        },
    ]
}
