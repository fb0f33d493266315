/// Where things are in an array, by their keys: a handful is searched one by one, past that there is a dictionary.
///
/// Most customers have a few of anything, and comparing a few texts is quicker than hashing one.
struct KeyIndex<Key: Hashable & Sendable>: Sendable {
    /// Up to this many keys are searched one by one.
    private static var unindexedMax: Int { 12 }

    private var keys: [Key] = []
    private var places: [Key: Int] = [:]

    /// The place of a key; nil if it has none.
    subscript(key: Key) -> Int? {
        // From the end, as what still changes came late.
        places.isEmpty ? keys.lastIndex(of: key) : places[key]
    }

    /// Gives a key that has none the next place; the first is 0.
    mutating func append(_ key: Key) {
        keys.append(key)
        if !places.isEmpty {
            places[key] = keys.count - 1
        } else if keys.count > Self.unindexedMax {
            for (place, key) in keys.enumerated() { places[key] = place }
        }
    }
}
