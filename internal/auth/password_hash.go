package auth

import (
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

// The parameters of argon2id that OWASP's Password Storage Cheat Sheet gives
// first: 19 MiB, 2 passes, 1 lane. Salt and key have the lengths that RFC 9106
// section 4 recommends.
const (
	memoryKiB  = 19 * 1024
	passes     = 2
	lanes      = 1
	saltLength = 16
	keyLength  = 32
)

// maxMemoryKiB and maxPasses bound what a stored hash may ask for: what another
// system stored must not take more than a few of ours do.
const (
	maxMemoryKiB = 64 * 1024
	maxPasses    = 10
)

// passwordHash is argon2id's key of a password, with all that made it.
type passwordHash struct {
	memory, passes uint32
	lanes          uint8
	salt, key      []byte
}

// dummyHash is the hash that a password is compared with where there is no other,
// so that it takes the same time.
var dummyHash = passwordHash{memory: memoryKiB, passes: passes, lanes: lanes, salt: make([]byte, saltLength), key: make([]byte, keyLength)}

// phcBase64 is base64 as the PHC string format has it.
var phcBase64 = base64.RawStdEncoding.Strict()

// HashWithSalt hashes a password with a given salt, for data that must come out
// the same each time. Passwords.HashPassword is for all else.
func HashWithSalt(password string, salt [saltLength]byte) string {
	h := passwordHash{memory: memoryKiB, passes: passes, lanes: lanes, salt: salt[:]}
	h.key = h.deriveKey(password, keyLength)
	return h.String()
}

// String writes the PHC string: $argon2id$v=19$m=19456,t=2,p=1$salt$key.
func (h passwordHash) String() string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s",
		argon2.Version, h.memory, h.passes, h.lanes, phcBase64.EncodeToString(h.salt), phcBase64.EncodeToString(h.key))
}

// parsePasswordHash reads a PHC string of argon2id.
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

// matchesPassword tells whether the hash is of a password, in a time that tells nothing.
func (h passwordHash) matchesPassword(password string) bool {
	return subtle.ConstantTimeCompare(h.deriveKey(password, uint32(len(h.key))), h.key) == 1
}

// needsRehash tells whether the hash takes less to guess than today's: what an
// attacker pays is memory by passes.
func (h passwordHash) needsRehash() bool {
	return uint64(h.memory)*uint64(h.passes) < memoryKiB*passes || len(h.salt) < saltLength || len(h.key) < keyLength
}

// deriveKey hashes the password in Unicode's normalization form C, as RFC 8265
// section 4.2 has it: the same letters may come differently from two keyboards.
func (h passwordHash) deriveKey(password string, length uint32) []byte {
	return argon2.IDKey(norm.NFC.Bytes([]byte(password)), h.salt, h.passes, h.memory, h.lanes, length)
}
