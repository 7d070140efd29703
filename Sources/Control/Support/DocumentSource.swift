import Documents
import Foundation

/// Reads documents from files, directories and standard input.
enum DocumentSource {
    /// All documents of the paths, in their order; directories are read with everything below, sorted by name.
    static func read(_ paths: [String], isValidating: Bool = true) throws -> [Document] {
        let parser = DocumentParser(isValidating: isValidating)
        var documents: [Document] = []
        var problems: [DocumentProblem] = []
        for file in try paths.flatMap(files) {
            do throws(DocumentError) {
                documents += try parser.parse(try text(of: file), file: file)
            } catch {
                problems += error.problems
            }
        }
        problems += DocumentParser.duplicates(in: documents)
        guard problems.isEmpty else { throw DocumentError(problems: problems) }
        return documents
    }

    private static let extensions = [".yaml", ".yml", ".json"]

    private static func files(_ path: String) throws -> [String] {
        try files(path, extensions: extensions)
    }

    /// The file of a path, or those below it whose names end in one of `extensions`.
    static func files(_ path: String, extensions: [String]) throws -> [String] {
        if path == "-" { return [path] }
        guard FileManager.default.fileExists(atPath: path) else {
            throw ControlError("there is no file \(path)", .notFound)
        }
        let attributes = try FileManager.default.attributesOfItem(
            atPath: URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        )
        guard attributes[.type] as? FileAttributeType == .typeDirectory else { return [path] }
        let names = (FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String } ?? [])
            .sorted()
        let files = names.filter { name in extensions.contains { name.lowercased().hasSuffix($0) } }
        guard !files.isEmpty else {
            throw ControlError(
                "there is no \(extensions.joined(separator: ", ")) file in the directory \(path)",
                .notFound
            )
        }
        return files.map { path.hasSuffix("/") ? path + $0 : path + "/" + $0 }
    }

    /// The text of a file, or of standard input for `-`.
    static func text(of file: String) throws(DocumentError) -> String {
        func problem(_ message: String) -> DocumentError {
            let location = SourceLocation(file: file, line: 1, column: 1)
            return DocumentError(problems: [.init(location: location, field: "", message: message)])
        }
        let bytes: Data
        do {
            let handle =
                file == "-"
                ? FileHandle.standardInput : try FileHandle(forReadingFrom: URL(fileURLWithPath: file))
            bytes = try handle.read(upToCount: DocumentParser.bytesMax + 1) ?? Data()
        } catch {
            throw problem("the file cannot be read: \(StateDirectory.reason(error))")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw problem("the file is not UTF-8 text: convert it first")
        }
        return text
    }
}
