import DataDirectory
import Foundation
import Payloads
import Testing

@testable import Control

@Suite struct StateDirectoryTests {
    @Test("the directory is where XDG says, else below home")
    func place() {
        #expect(StateDirectory(environment: ["XDG_STATE_HOME": "/s", "HOME": "/h"]).path == "/s/cloudtask")
        #expect(
            StateDirectory(environment: ["XDG_STATE_HOME": "relative", "HOME": "/h"]).path
                == "/h/.local/state/cloudtask"
        )
        #expect(StateDirectory(environment: ["HOME": "/h"]).path == "/h/.local/state/cloudtask")
    }

    @Test("what is kept is its owner's alone, also when it is replaced")
    func permissions() throws {
        try withDirectory { directory in
            let state = StateDirectory(path: directory + "/state")
            for port in 1...3 { try state.remember(KnownServer(url: "http://127.0.0.1:\(port)")) }
            #expect(try mode(state.path) == 0o700)
            #expect(try mode(state.serversFile) == 0o600)
            #expect(try FileManager.default.contentsOfDirectory(atPath: state.path) == ["servers.json"])
        }
    }

    @Test("the latest server comes last, each address once, and can be forgotten")
    func servers() throws {
        try withDirectory { directory in
            let state = StateDirectory(path: directory)
            #expect(state.servers().isEmpty)
            try state.remember(KnownServer(url: "http://a:1", tokenFile: "/old"))
            try state.remember(KnownServer(url: "http://b:1"))
            try state.remember(KnownServer(url: "http://a:1", tokenFile: "/new"))
            #expect(state.servers().map(\.url) == ["http://b:1", "http://a:1"])
            #expect(state.servers().last?.tokenFile == "/new")
            try state.forget(url: "http://a:1")
            #expect(state.servers().map(\.url) == ["http://b:1"])
            for number in 1...40 { try state.remember(KnownServer(url: "http://c:\(number)")) }
            #expect(state.servers().count == 32)
        }
    }

    @Test("a damaged list counts as empty")
    func damaged() throws {
        try withDirectory { directory in
            let state = StateDirectory(path: directory)
            try StateDirectory.writePrivately(Data("{".utf8), to: state.serversFile)
            #expect(state.servers().isEmpty)
        }
    }

    @Test("a server is found by option, environment, then the last one that still runs")
    func discovery() throws {
        try withDirectory { directory in
            let state = StateDirectory(path: directory + "/cloudtask")
            let own = ProcessInfo.processInfo.processIdentifier
            try state.remember(
                KnownServer(
                    url: "http://127.0.0.1:1",
                    tokenFile: "/t",
                    zookeeper: "h:1",
                    workspace: "w",
                    processID: own
                )
            )
            try state.remember(KnownServer(url: "http://127.0.0.1:2", zookeeper: "h:2", processID: .max))
            let plain = Discovery(environment: ["XDG_STATE_HOME": directory])
            let said = Discovery(environment: [
                "XDG_STATE_HOME": directory, "CLOUDTASK_SERVER": "http://e:3", "CLOUDTASK_ZOOKEEPER": "e:3",
                "CLOUDTASK_WORKSPACE": "e",
            ])
            #expect([plain.workspace("o"), plain.workspace(nil), said.workspace(nil)] == ["o", "w", "e"])
            #expect(try plain.server("http://o:4") == "http://o:4")
            #expect(try said.server(nil) == "http://e:3")
            #expect(try plain.server(nil) == "http://127.0.0.1:1")
            #expect(try said.zookeeper(nil) == "e:3")
            #expect(try plain.zookeeper(nil) == "h:1")
            #expect(plain.tokenFile(nil, for: "http://localhost:1/") == "/t")
            #expect(plain.tokenFile(nil, for: "http://127.0.0.1:9") == nil)
            #expect(plain.tokenFile("/given", for: "http://127.0.0.1:1") == "/given")
        }
    }

    @Test("what is behind a named server is its own, never that of the last one")
    func behind() throws {
        try withDirectory { directory in
            let state = StateDirectory(path: directory + "/cloudtask")
            let own = ProcessInfo.processInfo.processIdentifier
            for number in 1...2 {
                try state.remember(
                    KnownServer(
                        url: "http://127.0.0.1:\(number)",
                        tokenFile: "/t\(number)",
                        zookeeper: "h:\(number)",
                        workspace: "w\(number)",
                        processID: own
                    )
                )
            }
            let first = Discovery(environment: [
                "XDG_STATE_HOME": directory, "CLOUDTASK_SERVER": "http://localhost:1,http://localhost:9",
            ])
            #expect(try first.zookeeper(nil) == "h:1")
            #expect(first.workspace(nil) == "w1")
            #expect(first.knownServers().map(\.tokenFile) == ["/t1"])
            #expect(try first.zookeeper(nil, behind: "http://127.0.0.1:2") == "h:2")
            let foreign = Discovery(environment: [
                "XDG_STATE_HOME": directory, "CLOUDTASK_SERVER": "http://e:3",
            ])
            let error = #expect(throws: ControlError.self) { try foreign.zookeeper(nil) }
            #expect(error?.message.hasPrefix("no ZooKeeper of http://e:3 is known: give --zookeeper") == true)
            #expect(foreign.workspace(nil) == "default")
            #expect(foreign.knownServers().isEmpty)
            let plain = Discovery(environment: ["XDG_STATE_HOME": directory])
            #expect(try plain.zookeeper(nil) == "h:2")
            #expect(plain.knownServers().count == 2)
        }
    }

    @Test("without any server the error says what to do")
    func nothing() throws {
        try withDirectory { directory in
            let error = #expect(throws: ControlError.self) {
                try Discovery(environment: ["XDG_STATE_HOME": directory]).server(nil)
            }
            #expect(error?.status == .unreachable)
            #expect(error?.message.contains("cloudtask up") == true)
        }
    }

    @Test("a token file that is missing or holds no token is a matter of permission")
    func tokens() throws {
        try withDirectory { directory in
            #expect(throws: ControlError.self) { try Discovery.token(inFile: directory + "/none") }
            try StateDirectory.writePrivately(Data("short\n".utf8), to: directory + "/short")
            let error = #expect(throws: ControlError.self) {
                try Discovery.token(inFile: directory + "/short")
            }
            #expect(error?.status == .notAllowed)
            try StateDirectory.writePrivately(Data("0123456789abcdef\n".utf8), to: directory + "/good")
            #expect(try Discovery.token(inFile: directory + "/good").text == "0123456789abcdef")
        }
    }

    @Test("a directory that serves others is not made private")
    func shared() throws {
        try withDirectory { directory in
            let open: [FileAttributeKey: Any] = [.posixPermissions: 0o755]
            try FileManager.default.setAttributes(open, ofItemAtPath: directory)
            try StateDirectory.refuseShared(directory, mark: "up.lock")
            try Data().write(to: URL(filePath: directory + "/theirs"))
            let error = #expect(throws: ControlError.self) {
                try StateDirectory.refuseShared(directory, mark: "up.lock")
            }
            #expect(error?.message.contains("give --data a directory of its own") == true)
            try Data().write(to: URL(filePath: directory + "/up.lock"))
            try StateDirectory.refuseShared(directory, mark: "up.lock")
            try StateDirectory.refuseShared(directory + "/none", mark: "up.lock")
        }
    }

    @Test("a data directory has one user at a time")
    func lock() throws {
        try withDirectory { directory in
            let first = try DirectoryLock(directory: directory, name: "up.lock")
            let error = try #require(
                #expect(throws: DataDirectoryError.self) {
                    try DirectoryLock(directory: directory, name: "up.lock")
                }
            )
            #expect(ControlError(error).status == .conflict)
            try first.release()
            try DirectoryLock(directory: directory, name: "up.lock").release()
        }
    }

    private func mode(_ path: String) throws -> Int? {
        try (FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? NSNumber)?.intValue
    }
}

/// Lends an empty directory.
func withDirectory<Value>(_ body: (String) throws -> Value) throws -> Value {
    let path = NSTemporaryDirectory() + "/cloudtask-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try body(path)
}
