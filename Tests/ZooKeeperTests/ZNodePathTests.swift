import Testing
import ZooKeeper

@Suite struct ZNodePathTests {
    @Test(
        "a valid path is kept as it is",
        arguments: ["/", "/a", "/a/b", "/é/😀", "/a b", "/...", "/a.b/..c"]
    )
    func valid(_ text: String) throws {
        #expect(try ZNodePath(text).text == text)
    }

    @Test(
        "an invalid path is refused",
        arguments: [
            "", "a", "a/b", "/a/", "//", "/a//b", "/.", "/a/..", "/a/./b", "/\u{0}", "/\u{1F}", "/\u{7F}",
            "/\u{9F}", "/\u{E000}",
            "/\u{F8FF}", "/\u{FFF0}", "/\u{FFFF}", "/" + String(repeating: "a", count: 1_024),
        ]
    )
    func invalid(_ text: String) {
        #expect(throws: ZooKeeperError.self) { try ZNodePath(text) }
    }

    @Test("parent, name and child undo each other")
    func family() throws {
        let path = try ZNodePath("/a/b")
        #expect(path.parent == (try ZNodePath("/a")))
        #expect(path.parent?.parent == .root)
        #expect(ZNodePath.root.parent == nil)
        #expect(try path.parent?.child(path.name) == path)
        #expect(try ZNodePath.root.child("a").text == "/a")
        #expect(path.components == ["a", "b"])
        #expect(throws: ZooKeeperError.self) { try path.child("c/d") }
    }
}
