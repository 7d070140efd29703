/// An element of an XML text: enough for files that hold data, without entities of their own.
struct PlainXML {
    var name: String
    var line: Int
    var text = ""
    var children: [PlainXML] = []

    /// The first child of a name, prefixes aside.
    subscript(_ name: String) -> PlainXML? { children.first { $0.name == name } }

    /// The children of a name.
    func all(_ name: String) -> [PlainXML] { children.filter { $0.name == name } }

    /// The text without white space around it; `nil` when there is none.
    var trimmed: String? {
        let start = text.drop(while: \.isWhitespace)
        return start.lastIndex { !$0.isWhitespace }.map { String(start[...$0]) }
    }

    /// What is wrong with a text that is no XML.
    struct Mistake: Error {
        var reason: String
        var line: Int
    }

    /// Deeper elements are refused: data of ours is not nested as deeply.
    private static let depthMax = 32

    /// The outermost element of a text.
    static func parse(_ text: String) throws(Mistake) -> PlainXML {
        var open: [PlainXML] = [PlainXML(name: "", line: 1)]
        var rest = text[...]
        var line = 1
        while let sign = rest.firstIndex(of: "<") {
            open[open.count - 1].text += decoded(rest[..<sign])
            line += rest[..<sign].count(where: \.isNewline)
            rest = rest[sign...]
            if let (skipped, content) = special(rest) {
                open[open.count - 1].text += content
                line += rest.prefix(skipped).count(where: \.isNewline)
                rest = rest.dropFirst(skipped)
                continue
            }
            guard let end = rest.firstIndex(of: ">") else {
                throw Mistake(reason: "a tag does not end", line: line)
            }
            let tag = rest[rest.index(after: rest.startIndex)..<end]
            try take(tag, line: line, &open)
            line += tag.count(where: \.isNewline)
            rest = rest[rest.index(after: end)...]
        }
        guard open.count == 1, let root = open[0].children.first else {
            throw Mistake(reason: "element '\(open[open.count - 1].name)' does not end", line: line)
        }
        return root
    }

    private static func take(_ tag: Substring, line: Int, _ open: inout [PlainXML]) throws(Mistake) {
        if tag.hasPrefix("/") {
            let name = localName(tag.dropFirst())
            guard open.count > 1, let element = open.popLast(), element.name == name else {
                throw Mistake(reason: "'</\(name)>' ends an element that is not open", line: line)
            }
            open[open.count - 1].children.append(element)
            return
        }
        let element = PlainXML(name: localName(tag), line: line)
        if tag.hasSuffix("/") {
            open[open.count - 1].children.append(element)
        } else {
            guard open.count < depthMax else { throw Mistake(reason: "it is nested too deeply", line: line) }
            open.append(element)
        }
    }

    /// A comment, declaration or literal section at the beginning of a text: its length and what it stands for.
    private static func special(_ text: Substring) -> (count: Int, content: String)? {
        for (start, end, isText) in [("<!--", "-->", false), ("<![CDATA[", "]]>", true), ("<?", "?>", false)]
        where text.hasPrefix(start) {
            guard let range = text.firstRange(of: end) else { return (text.count, "") }
            let content = text[text.index(text.startIndex, offsetBy: start.count)..<range.lowerBound]
            return (text[..<range.upperBound].count, isText ? String(content) : "")
        }
        guard text.hasPrefix("<!"), let end = text.firstIndex(of: ">") else { return nil }
        return (text[...end].count, "")
    }

    private static func localName(_ tag: Substring) -> String {
        let name = tag.prefix { !$0.isWhitespace && $0 != "/" }
        return String(name.split(separator: ":").last ?? name)
    }

    private static func decoded(_ text: Substring) -> String {
        guard text.contains("&") else { return String(text) }
        return String(text).replacing("&lt;", with: "<").replacing("&gt;", with: ">")
            .replacing("&quot;", with: "\"").replacing("&apos;", with: "'").replacing("&amp;", with: "&")
    }
}
