package auth

import (
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

// The argon2id parameters that OWASP's Password Storage Cheat Sheet lists first: 19 MiB, 2 passes,
// 1 lane. Salt and key have the lengths that RFC 9106 section 4 recommends.
const (
	memoryKiB  = 19 * 1024
	passes     = 2
	lanes      = 1
	saltLength = 16
	keyLength  = 32
)

// maxMemoryKiB and maxPasses limit the parameters of a stored hash: a hash from another system must
// not cost more than a few of this one.
const (
	maxMemoryKiB = 64 * 1024
	maxPasses    = 10
)

// passwordHash is the argon2id key of a password with its parameters and salt.
type passwordHash struct {
	memory, passes uint32
	lanes          uint8
	salt, key      []byte
}

// dummyHash is compared with the password if there is no readable hash, so that a check always takes
// the same time.
var dummyHash = passwordHash{memory: memoryKiB, passes: passes, lanes: lanes, salt: make([]byte, saltLength), key: make([]byte, keyLength)}

// phcBase64 is the base64 encoding of the PHC string format.
var phcBase64 = base64.RawStdEncoding.Strict()

// HashWithSalt hashes a password with a given salt, for reproducible data. All other code uses
// PasswordHasher.HashPassword.
func HashWithSalt(password string, salt [saltLength]byte) string {
	h := passwordHash{memory: memoryKiB, passes: passes, lanes: lanes, salt: salt[:]}
	h.key = h.deriveKey(password, keyLength)
	return h.String()
}

// String returns the PHC string: $argon2id$v=19$m=19456,t=2,p=1$salt$key.
func (h passwordHash) String() string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s",
		argon2.Version, h.memory, h.passes, h.lanes, phcBase64.EncodeToString(h.salt), phcBase64.EncodeToString(h.key))
}

// parsePasswordHash parses an argon2id PHC string.
func parsePasswordHash(text string) (h passwordHash, ok bool) {
	parts := strings.Split(text, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return h, false
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &h.memory, &h.passes, &h.lanes); err != nil {
		return h, false
	}
	var saltErr, keyErr error
	h.salt, saltErr = phcBase64.DecodeString(parts[4])
	h.key, keyErr = phcBase64.DecodeString(parts[5])
	return h, saltErr == nil && keyErr == nil && len(h.salt) >= 8 && len(h.key) >= 16 && h.String() == text &&
		h.lanes >= 1 && h.passes >= 1 && h.passes <= maxPasses && h.memory >= 8*uint32(h.lanes) && h.memory <= maxMemoryKiB
}

// matchesPassword reports whether h is the hash of a password, in constant time.
func (h passwordHash) matchesPassword(password string) bool {
	return subtle.ConstantTimeCompare(h.deriveKey(password, uint32(len(h.key))), h.key) == 1
}

// needsRehash reports whether h is cheaper to attack than the current parameters: the cost of a guess
// is memory times passes.
func (h passwordHash) needsRehash() bool {
	return uint64(h.memory)*uint64(h.passes) < memoryKiB*passes || len(h.salt) < saltLength || len(h.key) < keyLength
}

// deriveKey hashes the password in Unicode normalization form C (RFC 8265 section 4.2), because two
// keyboards may encode the same letters differently.
func (h passwordHash) deriveKey(password string, length uint32) []byte {
	return argon2.IDKey(norm.NFC.Bytes([]byte(password)), h.salt, h.passes, h.memory, h.lanes, length)
}
