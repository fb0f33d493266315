/// The subjects and ids of the batch that is being planned, in flat tables; one request of it can be taken back.
///
/// Rows stay once they are made; what a refused request put into them is undone, so that they say nothing.
struct PlannedKeys {
    /// The state of a subject as the batch would leave it.
    struct Subject {
        var key: SubjectHash
        /// `nil`: no event yet, or unknown; see `isKnown`.
        var state: SubjectState?
        /// Whether `state` was looked up or made by this batch.
        var isKnown = false
        /// The last request that touched the subject.
        var request = -1
    }

    private var subjects: [Subject] = []
    private var subjectSlots = HashSlots()
    private var idHashes: [UInt64] = []
    /// The place in the batch of each id; -1 once its request was refused.
    private var idPlaces: [Int] = []
    private var idSlots = HashSlots()
    /// The subjects that the request at hand touched, as they were before.
    private var journal: [(row: Int, before: Subject)] = []
    private var idsBefore = 0

    /// Begins the next request.
    mutating func begin() {
        journal.removeAll(keepingCapacity: true)
        idsBefore = idHashes.count
    }

    /// Takes back what the request at hand changed.
    mutating func undo() {
        for change in journal.reversed() { subjects[change.row] = change.before }
        for row in idsBefore..<idHashes.count { idPlaces[row] = -1 }
        begin()
    }

    /// The row of a subject, new if it has none.
    @inline(__always)
    mutating func row(of key: SubjectHash) -> Int {
        if let row = subjectSlots.first(key.hash, where: { subjects[$0].key == key }) { return row }
        if subjectSlots.isFull {
            let known = subjects
            subjectSlots.grow { known[$0].key.hash }
        }
        subjectSlots.append(key.hash)
        subjects.append(Subject(key: key))
        return subjects.count - 1
    }

    /// The subject of a row.
    subscript(row: Int) -> Subject {
        @inline(__always) get { subjects[row] }
    }

    /// Notes that a request touches the subject of a row; whether it is the first time.
    @inline(__always)
    mutating func touch(_ row: Int, by request: Int) -> Bool {
        guard subjects[row].request != request else { return false }
        journal.append((row, subjects[row]))
        subjects[row].request = request
        return true
    }

    /// Notes the state of a subject that was touched.
    @inline(__always)
    mutating func set(_ state: SubjectState?, at row: Int) {
        subjects[row].state = state
        subjects[row].isKnown = true
    }

    /// The first place in the batch whose id has this hash and that `matches`.
    @inline(__always)
    func place(ofID hash: UInt64, where matches: (_ place: Int) -> Bool) -> Int? {
        let row = idSlots.first(hash) { idHashes[$0] == hash && idPlaces[$0] >= 0 && matches(idPlaces[$0]) }
        return row.map { idPlaces[$0] }
    }

    /// Notes the id of the event at a place.
    @inline(__always)
    mutating func add(id hash: UInt64, at place: Int) {
        if idSlots.isFull {
            let known = idHashes
            idSlots.grow { known[$0] }
        }
        idSlots.append(hash)
        idHashes.append(hash)
        idPlaces.append(place)
    }
}
