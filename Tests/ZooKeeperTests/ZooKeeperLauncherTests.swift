import Testing
import ZooKeeper

@Suite struct ZooKeeperLauncherTests {
    @Test("Debian's packages are found")
    func debian() throws {
        let files: Set = [
            "/usr/bin/java", "/usr/share/java/zookeeper.jar", "/usr/share/java/zookeeper-jute.jar",
            "/usr/share/java/slf4j-api.jar",
        ]
        let launcher = try ZooKeeperLauncher.locate(
            environment: ["PATH": "/bin:/usr/bin"],
            exists: files.contains
        )
        #expect(launcher.java == "/usr/bin/java")
        #expect(launcher.classPath.count == 3)
    }

    @Test("Apache's archive comes before Debian's packages")
    func archive() throws {
        let files: Set = ["/jdk/bin/java", "/zk/lib"]
        let launcher = try ZooKeeperLauncher.locate(
            environment: ["JAVA_HOME": "/jdk", "ZOOKEEPER_HOME": "/zk"],
            exists: files.contains
        )
        #expect(launcher == ZooKeeperLauncher(java: "/jdk/bin/java", classPath: ["/zk/*", "/zk/lib/*"]))
    }

    @Test("what is missing is named with what to install")
    func missing() throws {
        let error = #expect(throws: ZooKeeperLauncher.Missing.self) {
            try ZooKeeperLauncher.locate(environment: [:], exists: { $0.hasSuffix("/java") })
        }
        #expect(error?.description.contains("apt install zookeeper") == true)
    }

    @Test("a member of an ensemble knows the others")
    func ensemble() {
        let launcher = ZooKeeperLauncher(java: "java", classPath: ["a.jar", "b.jar"])
        var options = ZooKeeperLauncher.Options(
            dataDirectory: "/data",
            clientPort: 2_181,
            tickTime: .milliseconds(500),
            sessionTimeoutMax: .seconds(120)
        )
        #expect(launcher.configuration(options).contains("tickTime=500\n"))
        #expect(launcher.configuration(options).contains("maxSessionTimeout=120000\n"))
        #expect(
            launcher.arguments(options, configurationFile: "/data/zoo.cfg").suffix(2).first?.hasSuffix(
                "ZooKeeperServerMain"
            ) == true
        )
        options.members = [.init(number: 1, quorumPort: 2_888, electionPort: 3_888)]
        #expect(launcher.configuration(options).contains("server.1=127.0.0.1:2888:3888\n"))
        #expect(launcher.arguments(options, configurationFile: "f").contains("a.jar:b.jar"))
        #expect(ZooKeeperLauncher.isReady(reply: "imok"))
        #expect(!ZooKeeperLauncher.isReady(reply: ""))
    }
}
