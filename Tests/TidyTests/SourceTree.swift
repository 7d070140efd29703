import Foundation

/// The source tree of the package, read once per test.
struct SourceTree {
    struct File {
        let path: String
        let lines: [String]

        /// The module or test target the file belongs to.
        var target: String { String(path.split(separator: "/")[1]) }
    }

    let root: URL

    init(file: String = #filePath) {
        root = URL(filePath: file).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
    }

    /// The Swift files below `folder`, as paths relative to the root, sorted.
    func swiftFiles(in folder: String) throws -> [File] {
        let base = root.appending(path: folder)
        let enumerator = FileManager.default.enumerator(atPath: base.path)
        var files: [File] = []
        while let relative = enumerator?.nextObject() as? String {
            guard relative.hasSuffix(".swift") else { continue }
            let text = try String(contentsOf: base.appending(path: relative), encoding: .utf8)
            files.append(File(path: folder + "/" + relative, lines: text.components(separatedBy: "\n")))
        }
        return files.sorted { $0.path < $1.path }
    }

    /// The names of the folders directly below `folder`.
    func folders(in folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(
            at: root.appending(path: folder),
            includingPropertiesForKeys: [.isDirectoryKey],
            options: .skipsHiddenFiles
        ).filter(\.hasDirectoryPath).map(\.lastPathComponent).sorted()
    }

    func text(of path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }
}

extension SourceTree.File {
    /// The lines that are code, with their numbers: no comments, nothing inside string literals of one line.
    var code: [(number: Int, text: String)] {
        lines.enumerated().compactMap { index, line in
            let trimmed = line.drop { $0 == " " }
            return trimmed.hasPrefix("//") ? nil : (index + 1, Self.withoutLiterals(line))
        }
    }

    private static func withoutLiterals(_ line: String) -> String {
        var result = ""
        var isInside = false
        var previous: Character = " "
        for character in line {
            if character == "\"" && previous != "\\" {
                isInside.toggle()
            } else if !isInside {
                result.append(character)
            }
            previous = character
        }
        return result
    }
}
