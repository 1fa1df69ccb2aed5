package cache

import (
	"crypto/sha256"
	"encoding/hex"
)

// namespace is the common beginning of the keys of one database.
type namespace struct {
	prefix, historyPrefix string
	replaced              chan struct{} // closed when another namespace replaces this one
}

// SetNamespace separates the keys of this process from those of processes with another database, in
// the same Redis. origin names the database, history its sequence of commits. Until it is called the
// keys have the prefix of RedisOptions only.
func (r *Redis) SetNamespace(origin, history string) {
	database := hashName(origin)
	n := &namespace{
		prefix:        r.prefix + database + ":",
		historyPrefix: r.prefix + database + ":" + hashName(history) + ":",
		replaced:      make(chan struct{}),
	}
	r.namespaceMutex.Lock()
	defer r.namespaceMutex.Unlock()
	former := r.namespace.Load()
	if n.historyPrefix == former.historyPrefix {
		return
	}
	r.namespace.Store(n)
	close(former.replaced)
}

// hashName returns 16 hexadecimal digits for a name. Keys are short, and contain no braces, which
// would change the slots of a cluster.
func hashName(name string) string {
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:8])
}

// PrefixedKey returns key with the prefix of this application and of the database. It is for state
// that outlives a failover, such as the buckets of rate limits.
func (r *Redis) PrefixedKey(key string) string { return r.namespace.Load().prefix + key }

// HistoryKey returns key with a prefix that also names the history of the database. It is for what
// was computed from the database.
func (r *Redis) HistoryKey(key string) string { return r.namespace.Load().historyPrefix + key }
