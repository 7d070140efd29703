/// What to say about a word that is none of those there are.
public enum Suggestion {
    /// "did you mean 'x'?" when one of the candidates is near, else "use a, b or c".
    public static func text(for word: String, among candidates: [String]) -> String {
        Nearest.suggestion(for: word, among: candidates)
    }
}
