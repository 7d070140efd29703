import Domain
import Foundation
import Testing

@testable import Executor

/// What is found among the lines of an output, however they come.
@Suite struct OutputScannerTests {
    private static func scan(_ pieces: [[UInt8]]) -> OutputScanner {
        var scanner = OutputScanner()
        for piece in pieces { scanner.read(piece, count: piece.count) }
        scanner.finish()
        return scanner
    }

    private static func scan(_ text: String) -> OutputScanner { scan([Array(text.utf8)]) }

    struct Line: Sendable, CustomTestStringConvertible {
        var text: String
        var percent: Double?
        var told: String?
        var status: String?
        var values: [String: String] = [:]
        var malformed = 0
        var testDescription: String { text.debugDescription }
    }

    static let lines: [Line] = [
        Line(text: "::progress 40 copying files", percent: 40, told: "copying files"),
        Line(text: "::progress 40", percent: 40),
        Line(text: "::progress 40%", percent: 40),
        Line(text: "::progress   7.5  x y  ", percent: 7.5, told: "x y"),
        Line(text: "::progress 33.339", percent: 33.33),
        Line(text: "::progress 0", percent: 0),
        Line(text: "::progress 100", percent: 100),
        Line(text: "::progress 100.00", percent: 100),
        Line(text: "::progress 007", percent: 7),
        Line(text: "::progress 50 caf\u{E9} \u{1F600}", percent: 50, told: "caf\u{E9} \u{1F600}"),
        Line(text: "::progress 50 a\u{1B}[31mb", percent: 50, told: "a [31mb"),
        Line(text: "::progress 100.01", malformed: 1),
        Line(text: "::progress 101", malformed: 1),
        Line(text: "::progress -1", malformed: 1),
        Line(text: "::progress 1e1", malformed: 1),
        Line(text: "::progress 40.", malformed: 1),
        Line(text: "::progress .5", malformed: 1),
        Line(text: "::progress 4.5.6", malformed: 1),
        Line(text: "::progress 40text", malformed: 1),
        Line(text: "::progress %", malformed: 1),
        Line(text: "::progress", malformed: 1),
        Line(text: "::progress ", malformed: 1),
        Line(text: "::progress half", malformed: 1),
        Line(text: "::progress 0040", malformed: 1),
        Line(text: "::status serving 12 clients", status: "serving 12 clients"),
        Line(text: "::status   a  b  ", status: "a  b"),
        Line(text: "::status", malformed: 1),
        Line(text: "::status   ", malformed: 1),
        Line(text: "::statusx y"),
        Line(text: "::set rows=12", values: ["rows": "12"]),
        Line(text: "::set   rows= 12 ", values: ["rows": " 12 "]),
        Line(text: "::set a.b_c-D9=x=y", values: ["a.b_c-D9": "x=y"]),
        Line(text: "::set empty=", values: ["empty": ""]),
        Line(text: "::set name=\u{E9}", values: ["name": "\u{E9}"]),
        Line(text: "::set 9rows=1", malformed: 1),
        Line(text: "::set rows =1", malformed: 1),
        Line(text: "::set rows", malformed: 1),
        Line(text: "::set", malformed: 1),
        Line(text: "::set =1", malformed: 1),
        Line(text: "::set a b=1", malformed: 1),
        Line(text: "::set \(String(repeating: "a", count: 64))=1", malformed: 1),
        Line(text: "::set nul=a\0b", malformed: 1),
        Line(text: " ::set rows=12"),
        Line(text: "x ::set rows=12"),
        Line(text: ":set rows=12"),
        Line(text: ":::set rows=12"),
        Line(text: "::setup rows=12"),
        Line(text: "::set-output name=x::y"),
        Line(text: "::Set rows=12"),
        Line(text: "::progressing 40"),
        Line(text: "::warning file=a"),
        Line(text: "::"),
        Line(text: ""),
    ]

    @Test("a line tells what it says, with any end of line, and behind any other line", arguments: lines)
    func line(_ line: Line) {
        for (before, end) in [
            ("", ""), ("", "\n"), ("", "\r\n"), ("a\n\n", "\n"), ("::x\n:\n", "\nz"), ("\r\n", "\n"),
        ] {
            let scanner = Self.scan(before + line.text + end)
            #expect(scanner.progress?.percent == line.percent)
            #expect(scanner.progress?.text == line.told)
            #expect(scanner.status == line.status)
            #expect(scanner.values == line.values)
            #expect(scanner.malformed.count == line.malformed)
        }
    }

    @Test("pieces may be split anywhere")
    func pieces() {
        let text =
            "start\n::set a=1\r\n:\n::\n::progress 10 one\nnoise ::set b=2\n\n::set c=\u{20AC}\n::progress no\n::set a=2\n::progress 20 zwei"
        let bytes = Array(text.utf8)
        let whole = Self.scan([bytes])
        #expect(whole.values == ["a": "2", "c": "\u{20AC}"])
        #expect(whole.progress?.percent == 20)
        #expect(whole.progress?.text == "zwei")
        #expect(whole.malformed.count == 1)
        for first in 0...bytes.count {
            for second in first...bytes.count {
                let scanner = Self.scan([
                    Array(bytes[..<first]), Array(bytes[first..<second]), Array(bytes[second...]),
                ])
                let isSame =
                    scanner.values == whole.values && scanner.progress?.percent == 20
                    && scanner.progress?.text == "zwei" && scanner.malformed.count == 1
                #expect(isSame, "split at \(first) and \(second)")
            }
        }
        #expect(Self.scan(bytes.map { [$0] }).values == whole.values)
    }

    @Test("bytes that are no UTF-8 are no value, and are replaced in a text")
    func invalid() {
        let scanner = Self.scan([
            Array("::set a=x".utf8) + [0xFF, 0x0A] + Array("::progress 5 y".utf8) + [0xC3, 0x0A],
            [0xFF, 0xFE, 0x00, 0x0A] + Array("::set b=1\n".utf8),
        ])
        #expect(scanner.values == ["b": "1"])
        #expect(scanner.malformed.count == 1)
        #expect(scanner.malformed.sample == "::set a=x\u{FFFD}")
        #expect(scanner.progress?.text == "y\u{FFFD}")
    }

    @Test(
        "a line of megabytes is not kept; one that would set a value is malformed, and those behind it count"
    )
    func longLines() {
        let block = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
        var scanner = OutputScanner()
        for text in ["", "::set long=", "::progress 5 "] {
            let start = Array(text.utf8)
            scanner.read(start, count: start.count)
            for _ in 0..<8 { scanner.read(block, count: block.count) }
            scanner.read([UInt8(ascii: "\n")], count: 1)
        }
        let end = Array("::set short=1\n".utf8)
        scanner.read(end, count: end.count)
        scanner.finish()
        #expect(scanner.values == ["short": "1"])
        #expect(scanner.malformed.count == 2)
        #expect(scanner.malformed.sample.utf8.count <= 2 + OutputScanner.Limit.sampleMax)
        #expect(scanner.progress == nil)
    }

    @Test("a text of progress is cut, in whole characters of Unicode")
    func longText() {
        let text = Self.scan("::progress 1 " + String(repeating: "\u{1F600}", count: 500)).progress?.text
        #expect(text?.unicodeScalars.count == RunProgress.textMax)
        #expect(text?.unicodeScalars.allSatisfy { $0 == "\u{1F600}" } == true)
    }

    @Test("values have room together; one that is replaced makes room, one too many is counted")
    func room() {
        let half = String(repeating: "v", count: AttemptAccount.outputsBytesMax / 2 - 10)
        let scanner = Self.scan(
            "::set a=\(half)\n::set b=\(half)\n::set c=\(half)\n::set a=1\n::set d=\(half)\n"
        )
        #expect(scanner.values.keys.sorted() == ["a", "b", "d"])
        #expect(scanner.values["a"] == "1")
        #expect(scanner.refused.count == 1)
        #expect(scanner.refused.sample == "c")
    }

    @Test("a million lines are looked at, and no more")
    func million() {
        var scanner = OutputScanner()
        let block = Array(String(repeating: "::x\n", count: 10_000).utf8)
        for _ in 0..<100 { scanner.read(block, count: block.count) }
        #expect(scanner.isExhausted)
        let late = Array("::set late=1\n".utf8)
        scanner.read(late, count: late.count)
        scanner.finish()
        #expect(scanner.values.isEmpty)
    }
}
