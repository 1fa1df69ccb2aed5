package persisted

// IsOlderVersion is isOlderVersion, for tests.
var IsOlderVersion = isOlderVersion
